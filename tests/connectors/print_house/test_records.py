"""Files by templates of the project, letters in one envelope, and barcodes: what a bundle says of them."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.print_house.letters import letter, piece, printed, truncated
from tests.connectors.print_house.stand_in import read_lines
from tests.connectors.print_house.test_handover import opened
from xconnector.connectors.print_house.records import TemplateError, sections_of
from xconnector.contract.channel import Bundle, Dispatch
from xconnector.contract.errors import MisconfiguredError
from xconnector.domain.routing.plan import EnvelopeSharing, ProofOfMailing

BUNDLE_AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
IMB = {"service_type": "040", "mailer_id": "123456"}


def at_home(number: int, sharing: EnvelopeSharing = EnvelopeSharing.ADDRESS, **changed: object) -> Dispatch:
    plain = piece(number, letter(number), pages=number)
    recipient = replace(plain.recipient, address_lines=("Kastanienallee 1", "10435 Berlin"))
    return replace(plain, **{"recipient": recipient, "sharing": sharing, **changed})  # pyright: ignore[reportArgumentType] - of fields that it has


def envelopes(folder: Path) -> list[list[str]]:
    """Return the dispatch keys of each envelope."""
    found: dict[int, list[str]] = {}
    for line in read_lines(folder / "run-7-1.manifest.jsonl"):
        if line["kind"] == "piece":
            found.setdefault(line["envelope_number"], []).append(line["dispatch_key"])
    return list(found.values())


def test_letters_of_one_household_lie_in_one_envelope_each_on_a_front(tmp_path: Path) -> None:
    printed([at_home(1), at_home(2), at_home(3)], tmp_path, share_envelopes=True, envelopes=[{"name": "C4"}])

    assert envelopes(tmp_path) == [["dispatch-1", "dispatch-2", "dispatch-3"]]
    lines = [line for line in read_lines(tmp_path / "run-7-1.manifest.jsonl") if line["kind"] == "piece"]
    assert [(line["first_page"], line["pages"], line["envelope_sheets"]) for line in lines] == [
        (1, 2, 4),
        (3, 2, 4),
        (5, 4, 4),
    ]
    with pikepdf.open(tmp_path / "run-7-1-p001.pdf") as part:
        assert len(part.pages) == 8
    assert json.loads((tmp_path / "run-7-1.totals.json").read_bytes())["envelopes"] == 1


@pytest.mark.parametrize(
    "other",
    [
        at_home(2, EnvelopeSharing.NONE),
        at_home(2, EnvelopeSharing.CUSTOMER),
        at_home(2, proof=ProofOfMailing.REGISTERED),
        at_home(2, print_options={"paper": "recycled"}),
        at_home(2, recipient=replace(at_home(2).recipient, address_lines=("Kastanienallee 2", "10435 Berlin"))),
    ],
    ids=["not allowed", "other sharing", "proof", "other paper", "other address"],
)
def test_letters_that_must_not_be_together_are_not(tmp_path: Path, other: Dispatch) -> None:
    printed([at_home(1), other], tmp_path, share_envelopes=True, envelopes=[{"name": "C4"}])

    assert envelopes(tmp_path) == [["dispatch-1"], ["dispatch-2"]]


def test_where_one_letter_of_an_envelope_is_unfit_the_others_leave(tmp_path: Path) -> None:
    spoilt = replace(at_home(2), renditions=piece(2, truncated(), pages=2).renditions)

    found = printed([at_home(1), spoilt, at_home(3)], tmp_path, share_envelopes=True)

    assert [each.dispatch_key for each in found.left_out] == ["dispatch-2"]
    assert envelopes(tmp_path) == [["dispatch-1"], ["dispatch-3"]]


def test_envelopes_to_the_united_states_carry_a_barcode_of_their_own(tmp_path: Path) -> None:
    pieces = [piece(1, country="US", postcode="90210-1234"), piece(2), piece(3, country="US")]

    printed(pieces, tmp_path, intelligent_mail=IMB)

    opening, *lines, _ = read_lines(tmp_path / "run-7-1.manifest.jsonl")
    assert [line["imb"] for line in lines] == ["00040123456000000000902101234", None, "00040123456000000002"]
    assert opening["imbs"] == ["00040123456000000000", "00040123456000000002"]
    with pikepdf.open(tmp_path / "run-7-1-p001.pdf") as part:
        drawn = [page.Contents[-1].read_bytes().count(b" cm 0 g") for page in list(part.pages)[::2]]
    assert drawn == [2, 1, 2]


async def test_a_scanned_barcode_names_its_letter(tmp_path: Path) -> None:
    (tmp_path / "print" / "tracking").mkdir(parents=True)
    (tmp_path / "print" / "tracking" / "a.csv").write_text("imb,op\n00040123456000000001,918\n", encoding="utf-8")
    feed = {
        "name": "usps",
        "key": {"column": "imb", "says": "imb"},
        "status": {"column": "op", "words": {"918": "out_for_delivery"}},
    }
    pieces = [piece(1, country="US"), piece(2, country="US")]
    bundle = Bundle(bundle_key="run-7-1", created_at=BUNDLE_AT, pieces=2, run=None)

    async with opened(tmp_path, intelligent_mail=IMB, tracking=[feed]) as channel:
        await channel.send_bundle(bundle, iter(pieces))
        told = [event.dispatch_key async for inbound in channel.reports() for event in inbound.item]

    assert told == ["dispatch-2"]


async def test_more_pieces_than_serial_numbers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "print").mkdir()
    bundle = Bundle(bundle_key="run-7-1", created_at=BUNDLE_AT, pieces=1, run=None, lately=11)
    async with opened(tmp_path, intelligent_mail={**IMB, "last_serial": 9}) as channel:
        with pytest.raises(MisconfiguredError, match="serial numbers"):
            await channel.send_bundle(bundle, iter([piece(1)]))


async def test_records_are_written_by_the_projects_template_and_laid_down(tmp_path: Path) -> None:
    (tmp_path / "print").mkdir()
    (tmp_path / "inserter.txt").write_text(
        "%%bundle\nH{bundle:10}{pieces:>4}\r\n%%piece\n{sequence:06}{sheets:03}{dispatch_key:8}{options.paper:4}|\r\n"
        "%%totals\nT{pages:4}\r\n",
        newline="",
    )
    (tmp_path / "ticket.jdf").write_text('%%bundle\n<JDF JobID="{run}"/>\n%%part\n<Run URL="{name}" {{}}/>\n')
    records = [
        {"template": "inserter.txt", "name": "{bundle}.mrdf"},
        {"template": "ticket.jdf", "name": "{bundle}.jdf"},
    ]
    pieces = [replace(piece(1), print_options={"paper": "white"}), piece(2)]
    bundle = Bundle(bundle_key="run-7-1", created_at=BUNDLE_AT, pieces=2, run='"A&B"')

    async with opened(tmp_path, records=records) as channel:
        await channel.send_bundle(bundle, iter(pieces))

    assert (tmp_path / "print" / "run-7-1.mrdf").read_bytes() == (
        b"Hrun-7-1      2\r\n000001001dispatchwhit|\r\n000002001dispatch    |\r\nT4   \r\n"
    )
    assert (tmp_path / "print" / "run-7-1.jdf").read_text() == (
        '<JDF JobID="&quot;A&amp;B&quot;"/>\n<Run URL="run-7-1-p001.pdf" {}/>\n'
    )


@pytest.mark.parametrize(
    "text", ["{piece}", "%%piece\n{bundel}", "%%piece\n{", "%%piece\na\n%%piece\nb", "%%piece\n{a!r}"]
)
async def test_a_template_that_cannot_be_read_is_told_when_the_connection_opens(tmp_path: Path, text: str) -> None:
    (tmp_path / "inserter.txt").write_text(text)

    with pytest.raises(MisconfiguredError, match=r"inserter\.txt"):
        opened(tmp_path, records=[{"template": "inserter.txt", "name": "{bundle}.mrdf"}])


async def test_a_template_outside_the_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="outside the project"):
        opened(tmp_path, records=[{"template": "../../etc/passwd", "name": "{bundle}.mrdf"}])


@given(st.text(max_size=60))
def test_no_text_breaks_the_template_otherwise_than_by_a_reason(text: str) -> None:
    with suppress(TemplateError):
        assert set(sections_of(f"%%piece\n{text}")) <= {"bundle", "part", "piece", "totals"}
