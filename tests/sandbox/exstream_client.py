"""Exstream's stand-in as its clients see it: a running program, and somebody who is signed in."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.connectors.exstream.sandbox_program import exstream_program
from xconnector.testing.orders import sample_order, with_data
from xconnector.testing.small_project import write_small_project

COMMUNICATION = "0f7d5f4e-1111-4222-8333-444455556666"
DATA_SOURCE = "NoticeDriver"
ORCHESTRATION = "/orchestration/api/v1"
GENERATE = f"{ORCHESTRATION}/inputs/ondemand/sandbox/generate"
NAMED_CHANNEL = f"{ORCHESTRATION}/inputs/ondemand/sandbox/NoticeNow"
BATCH = f"{ORCHESTRATION}/inputs/batch/sandbox/NoticeRun"
DESIGN: Mapping[str, Any] = {
    "communication": COMMUNICATION,
    "data_source": DATA_SOURCE,
    "on_demand_channel": "NoticeNow",
    "batch_channel": "NoticeRun",
    "key": {"name": "AccountNumber", "path": "data.number"},
    "outputs": {"letter": {"queue": "archive"}, "email": {"queue": "mail"}, "sms": {"queue": "text"}},
}


class ExstreamClient:
    """Speaks HTTP to the program; its requests are signed in unless told otherwise."""

    def __init__(self, facts: Mapping[str, Any], http: httpx.Client) -> None:
        self.facts = facts
        self.http = http
        self.output = Path(facts["output"])
        self.signed_in: Mapping[str, str] = {}

    def sign_in(self) -> None:
        token = self.token(grant_type="client_credentials", client_id="xconnector", client_secret="secret").json()
        self.signed_in = {"Authorization": f"Bearer {token['access_token']}"}

    def token(self, path: str = "/otdsws/oauth2/token", **form: str) -> httpx.Response:
        return self.http.post(path, data=form)

    def get(self, path: str, **params: str | int) -> httpx.Response:
        return self.http.get(path, params=params, headers=self.signed_in)

    def post(self, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        return self.http.post(path, content=content, headers={**self.signed_in, **headers})

    def generate(self, driver: bytes | None = None, **headers: str) -> httpx.Response:
        told = {"communicationId": COMMUNICATION, "driverDataSource": DATA_SOURCE, **headers}
        return self.post(GENERATE, driver if driver is not None else driver_of(1), **told)

    def misbehave(self, **faults: object) -> None:
        self.http.post("/sandbox/faults", json=faults).raise_for_status()

    def seen(self) -> Mapping[str, Any]:
        return self.http.get("/sandbox/seen").json()


def notice(number: int, **fields: object) -> dict[str, Any]:
    """Return the data of a customer as the connector sends it."""
    amount = {"value": 12.5, "text": "12,50 €"}
    order = with_data(sample_order(number, template="notice"), number=f"N-{number}", amount=amount)
    return {**order.data, "data": {"number": f"N-{number}", "amount": amount, "due_on": None, **fields}}


def driver_of(*numbers: int) -> bytes:
    """Return the driver of one customer alone, or of several."""
    customers = [notice(number) for number in numbers]
    return msgspec.json.encode(customers[0] if len(customers) == 1 else customers)


def drivers_of_run(customers: int) -> bytes:
    return msgspec.json.encode([notice(number) for number in range(1, customers + 1)])


@contextmanager
def exstream_client(
    folder: Path, *options: str, designs: Sequence[Mapping[str, Any]] = (DESIGN,)
) -> Generator[ExstreamClient]:
    """Run the program with the small project; of several designs, further ones stand for copies of its template."""
    project = write_small_project(folder / "project")
    for position, design in enumerate(designs):
        template = project / "templates" / ("notice" if position == 0 else f"notice_{position}")
        template.mkdir(exist_ok=True)
        for file in (project / "templates" / "notice").iterdir():
            (template / file.name).write_bytes(file.read_bytes())
        # JSON is YAML.
        (template / "exstream.yaml").write_text(json.dumps(design))
    with (
        exstream_program(project, folder / "output", *options) as program,
        httpx.Client(base_url=program.url, timeout=60, trust_env=False) as http,
    ):
        client = ExstreamClient(program.facts, http)
        client.sign_in()
        yield client
