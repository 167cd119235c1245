"""What a design file says is compared with its connection, and with the data of the communications made by it."""

import pytest

from tests.project.conftest import ProjectFolder

CLOUD = """connector: exstream
    sign_in: {preset: otds-single, url: "https://otds.acme.test", client_id: x, client_secret: s}
    orchestration: {url: "https://exstream.acme.test", domain: acme}"""
SERVER = "{connector: exstream_communications_server, service: "
GATEWAY = """{kind: gateway, url: "https://sgw.acme.test", tenant: acme,
    sign_in: {url: "https://otds.acme.test", user: u, password: p}}}"""
BROKER = '{kind: broker, url: "http://broker.acme.test", namespace: "urn:x"}}'
DESIGN = """\
communication: 3f0c2f5e-8a37-4b52-9a55-6f0f6a3b8b10
"""


def findings_of(project: ProjectFolder, design: str, connection: str = CLOUD) -> list[str]:
    after = connection if connection.startswith("{") else f"\n    {connection}"
    project.replace("xconnector.yaml", "composer: {connector: embedded}", f"composer: {after}")
    project.write("templates/policy_issued/exstream.yaml", design)
    return project.findings()


SOUND = [
    "",
    "key: {name: Id, path: sender.motto}\n",
    (
        "driver: {format: json, fields: {Id: communication.id, First: 'customer.address_lines[0]', Sixth: "
        "'customer.address_lines[5]', Mail: sender.email, All: data}}\n"
    ),
    (
        "driver: {format: xml, fields: {Id: communication.id, Cover: {each: data.covers, fields: "
        "{Name: name, Limit: limit.value, Policy: /data.number, Fits: '/data.covers[name=Glass].limit.text'}}}}\n"
    ),
    (
        "driver: {format: delimited, records: [{indicator: A, fields: [communication.id, data.note]}, "
        "{indicator: B, each: data.covers, fields: [name, limit.text, /data.premium.value]}]}\n"
    ),
]


@pytest.mark.parametrize("design", SOUND)
def test_paths_that_lead_somewhere_are_taken(project_folder: ProjectFolder, design: str) -> None:
    assert findings_of(project_folder, DESIGN + design) == []


ASTRAY = [
    ("key: {path: communication.idd}\n", "path communication.idd leads nowhere", "did you mean 'id'?"),
    ("driver: {format: json, fields: {Id: communication.id, N: customer.nam}}\n", "no 'nam'", "did you mean 'name'?"),
    ("driver: {format: xml, fields: {Id: communication.id, N: data.numbr}}\n", "no 'numbr'", "did you mean 'number'?"),
    (
        "driver: {format: json, fields: {Id: communication.id, C: {each: data.covers, fields: {L: limit.valu}}}}\n",
        "path data.covers[*].limit.valu leads nowhere",
        "did you mean 'value'?",
    ),
    (
        (
            "driver: {format: delimited, records: [{indicator: A, fields: [communication.id]}, "
            "{indicator: B, each: data.cover, fields: []}]}\n"
        ),
        "path data.cover leads nowhere",
        "did you mean 'covers'?",
    ),
    ("driver: {format: json, fields: {Id: communication.id, N: data.covers.name}}\n", "through a list", "correct the"),
]


@pytest.mark.parametrize("design, said, remedy", ASTRAY, ids=[said for _, said, _ in ASTRAY])
def test_a_path_that_leads_nowhere_is_told_with_its_line(
    project_folder: ProjectFolder, design: str, said: str, remedy: str
) -> None:
    (finding,) = findings_of(project_folder, DESIGN + design)

    assert finding.startswith("templates/policy_issued/exstream.yaml:2: ")
    assert said in finding
    assert "communication 'policy_issued'" in finding
    assert remedy in finding


UNFIT = [
    (CLOUD, "batch_channel: Runs\n", "nothing composes it on demand, and its events come singly"),
    (SERVER + GATEWAY, "{}\n", "no `service` composes it"),
    (SERVER + BROKER, "{}\n", "no `service` composes the letter"),
    (
        SERVER + BROKER,
        "service: {name: a}\noutputs: {letter: {queue: a}, email: {queue: b}}\n",
        "letter and email ask the same service",
    ),
    ("{connector: exstream_engine, program: [/opt/e], packages: /opt/p, key: k}", "{}\n", "it names no `package`"),
    (CLOUD, DESIGN + "outputs: {letter: {queue: a}, email: {queue: a}}\n", "have the same queue 'a'"),
]


@pytest.mark.parametrize("connection, design, said", UNFIT, ids=[said for _, _, said in UNFIT])
def test_a_design_that_its_connection_cannot_compose_is_told(
    project_folder: ProjectFolder, connection: str, design: str, said: str
) -> None:
    (finding,) = findings_of(project_folder, design, connection)

    assert finding.startswith("templates/policy_issued/exstream.yaml:")
    assert said in finding


def test_runs_need_no_composing_on_demand_where_they_go_as_batches(project_folder: ProjectFolder) -> None:
    project_folder.replace("communications/policy_issued.yaml", "com.acme.policy.issued", "com.acme.statement.due")
    project_folder.remove("tests/policies.yaml")
    batch = f"{CLOUD}\n    batch: {{outputs: {{mount: /mnt/exstream}}}}"

    assert findings_of(project_folder, "batch_channel: Runs\n", batch) == []


def test_runs_go_on_demand_where_the_connection_has_no_batch(project_folder: ProjectFolder) -> None:
    project_folder.replace("communications/policy_issued.yaml", "com.acme.policy.issued", "com.acme.statement.due")
    project_folder.remove("tests/policies.yaml")

    (finding,) = findings_of(project_folder, "batch_channel: Runs\n")

    assert "the connection has no `batch`" in finding
