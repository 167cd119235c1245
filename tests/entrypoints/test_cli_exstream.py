"""The verbs that an Exstream shop types, on a project whose Exstream is the stand-in."""

import asyncio
import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import make_conninfo
from typer.testing import Result

from tests.conftest import own_database
from tests.connectors.exstream.sandbox_program import SandboxProgram, exstream_program
from tests.entrypoints.small_office import Desk
from tests.office import edit, notice, open_office, write_office_project

DESIGN = """
communication: 6f1c0f3e-52a1-4c8e-9d54-0b7a3c1f2e02
outputs: {letter: {queue: archive}, email: {queue: mail}}
"""
ID = "6f1c0f3e-52a1-4c8e-9d54-0b7a3c1f2e02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A desk, and the Exstream behind it."""

    desk: Desk
    exstream: SandboxProgram

    def type(self, *words: str) -> Result:
        return self.desk.type(*words)

    def told(self, *words: str) -> list[dict[str, object]]:
        return json.loads(self.type(*words, "--json").stdout)

    def tell(self, door: str, **told: object) -> None:
        httpx.post(f"{self.exstream.url}/sandbox/{door}", json=told, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def shop(postgres: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Shop]:
    """Four notices that Exstream composed wait for a verdict."""
    folder = write_office_project(tmp_path_factory.mktemp("shop") / "small")
    (folder / "templates" / "notice" / "exstream.yaml").write_text(DESIGN)
    with (
        exstream_program(folder, tmp_path_factory.mktemp("output")) as exstream,
        own_database(postgres, template=migrated_template) as name,
    ):
        edit(folder, "xconnector.yaml", "connections:\n", f"connections:\n{connection_to(exstream)}")
        edit(folder, "xconnector.yaml", "ben: {", "dora: {roles: [compliance]}, ben: {")
        edit(folder, "communications/notice.yaml", "{composer: composer,", "{composer: exstream,")
        database = make_conninfo(postgres, dbname=name)
        asyncio.run(_live(folder, database))
        yield Shop(desk=Desk(folder=folder, database=database, run=""), exstream=exstream)


def connection_to(exstream: SandboxProgram) -> str:
    facts = exstream.facts
    return f"""
  exstream:
    connector: exstream
    sign_in:
      preset: otds-single
      url: {exstream.url}
      client_id: {facts["client_id"]}
      client_secret: {facts["client_secret"]}
    orchestration:
      url: {exstream.url}/orchestration/api/v1
      domain: {facts["domain"]}
      on_demand: {{empower_user: xconnector@OAuthClients}}
    design: {{url: "{exstream.url}/design/api/v1"}}
    empower: {{url: "{exstream.url}/empower/api/v1", tenant: acme, fulfilment: {{only_composes: true}}}}
""".lstrip("\n")


async def _live(folder: Path, database: str) -> None:
    async with open_office(folder, database) as office:
        await office.send(*(notice(key, amount="2000.00") for key in ("edited", "left", "gone", "watched")))
        await office.work()


def test_designs_are_listed_with_what_feeds_them(shop: Shop) -> None:
    plain, (design,) = shop.type("connections", "designs", "exstream"), shop.told("connections", "designs", "exstream")

    assert plain.exit_code == 0, plain.output
    assert "notice" in plain.stdout
    assert (design["design"], design["templates"], design["problem"]) == (ID, ["notice"], None)
    assert design["data_source"] == "notice_driver"


def test_designs_of_one_state_are_listed(shop: Shop) -> None:
    assert shop.told("connections", "designs", "exstream", "--state", "rejected") == []


def test_a_design_is_moved_by_somebody_for_a_reason(shop: Shop) -> None:
    shop.tell("designs/notice/state", state="DRAFT")
    move = ("connections", "move-design", "exstream", "notice", "--as", "anna", "--comment", "ready")
    moved = shop.type(*move, "--to", "review")
    illegal = shop.type(*move, "--to", "DRAFT")
    approved = shop.type(*move, "--to", "APPROVED", "--json")

    assert moved.exit_code == 0, moved.output
    assert "was in DRAFT and is in REVIEW" in moved.stdout
    assert illegal.exit_code == 2
    assert "APPROVED or REJECTED" in illegal.stderr
    assert json.loads(approved.stdout)["target"] == "APPROVED"


@pytest.mark.parametrize(
    "words, told",
    [
        (("designs", "print"), "keeps designs outside"),
        (("designs", "nobody"), "keeps designs outside; the project has: exstream\n"),
        (("move-design", "exstream", "notice", "--to", "REVIEW", "--comment", "x", "--as", "carl"), "not among"),
        (("move-design", "exstream", "notice", "--to", "REVIEW", "--comment", " ", "--as", "anna"), "--comment"),
        (("move-design", "exstream", "nothing", "--to", "REVIEW", "--comment", "x", "--as", "anna"), "no design"),
        (("probe", "archive"), "can be probed; the project has: exstream\n"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_code_2(shop: Shop, words: tuple[str, ...], told: str) -> None:
    refused = shop.type("connections", *words)

    assert refused.exit_code == 2
    assert told in refused.stderr


def test_a_probe_shows_a_table_and_writes_a_profile(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "profile.yaml"
    plain = shop.type("connections", "probe", "exstream", "--out", str(out))
    profile = out.read_text()

    assert plain.exit_code == 0, plain.output
    assert "Must be set by hand" in plain.stdout
    assert "connection: exstream" in profile
    assert "24.4.0" in profile
    assert "set_by_hand:" in profile
    assert shop.exstream.facts["client_secret"] not in profile + plain.output


def test_a_probe_that_misses_something_ends_with_exit_code_1(shop: Shop) -> None:
    shop.tell("faults", empower_down=True)
    try:
        missed = shop.type("connections", "probe", "exstream")
    finally:
        shop.tell("faults", empower_down=False)

    assert missed.exit_code == 1
    assert "unreachable" in missed.stdout


def test_a_document_is_edited_in_empower_and_approved_by_its_new_digest(shop: Shop) -> None:
    before = digest_of(shop, "edited")
    opened = shop.type("review", "edit", "edited", "--as", "anna", "--json")
    draft = json.loads(opened.stdout)
    early = shop.type("review", "approve", "edited", before[:12], "--as", "anna")
    shop.tell(f"empower/{draft['reference']}/edit", text="with regrets")
    returned = json.loads(shop.type("review", "return", "edited", "--as", "anna", "--json").stdout)
    old = shop.type("review", "approve", "edited", before[:12], "--as", "anna")
    approve = ("review", "approve", "edited", returned["document_sha256"][:12], "--as")
    own, approved = shop.type(*approve, "anna"), shop.type(*approve, "dora")

    assert "BUSI110E" in httpx.get(draft["link"], trust_env=False).text, "the draft is discarded"
    assert (early.exit_code, old.exit_code, own.exit_code, approved.exit_code) == (2, 2, 2, 0)
    assert "four eyes" in own.stderr
    assert "edited by anna" in early.stderr
    assert returned["was"] == before != returned["document_sha256"]
    told = [entry["event"] for entry in json.loads(shop.type("explain", "edited", "--json").stdout)["history"]]
    assert told[-3:] == ["draft opened", "draft returned", "approved"]


def test_the_link_alone_is_printed_and_asked_for_again_it_is_the_same(shop: Shop) -> None:
    first, again = (shop.type("review", "edit", "watched", "--as", "anna") for _ in range(2))
    listed = shop.type("review", "list")

    assert first.exit_code == 0, first.output
    assert first.stdout == again.stdout
    assert first.stdout.strip().startswith(f"{shop.exstream.url}/empower/api/v1/docedit/")
    assert "xconnector review return" in first.stderr
    assert "anna" in listed.stdout


def test_an_edit_is_given_up_and_the_document_stays(shop: Shop) -> None:
    before = digest_of(shop, "left")
    shop.type("review", "edit", "left", "--as", "anna")
    given_up = shop.type("review", "return", "left", "--as", "anna", "--discard")

    assert given_up.exit_code == 0, given_up.output
    assert digest_of(shop, "left") == before


def test_who_may_not_review_may_not_edit(shop: Shop) -> None:
    for person in ("ben", "carl"):
        assert shop.type("review", "edit", "gone", "--as", person).exit_code == 2
    assert shop.type("review", "return", "gone", "--as", "anna").exit_code == 2


def digest_of(shop: Shop, key: str) -> str:
    return json.loads(shop.type("explain", key, "--json").stdout)["found"]["document_sha256"]
