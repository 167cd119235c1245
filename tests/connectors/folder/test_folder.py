"""Communications as files: whole, known again, and never outside of the folder."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xconnector.connectors.folder.channel import FolderChannel
from xconnector.connectors.folder.names import name_of, safe
from xconnector.connectors.folder.notes import Notes
from xconnector.connectors.folder.settings import FolderSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.dispatches import sample_dispatch

DISPATCH = sample_dispatch(1)


async def sent(project: Path, *dispatches: Dispatch, **changed: object) -> Sequence[Receipt | ConnectorError]:
    (project / "out").mkdir(exist_ok=True)
    settings = FolderSettings.model_validate({"folder": "out", "medium": "print", **changed})
    channel = FolderChannel(settings, Surroundings(project_folder=project, state_folder=project))
    return await channel.send(dispatches)


def files(project: Path) -> list[str]:
    return sorted(path.relative_to(project / "out").as_posix() for path in (project / "out").rglob("*.*"))


async def test_documents_and_what_they_are_lie_side_by_side(tmp_path: Path) -> None:
    await sent(tmp_path, DISPATCH)

    key = DISPATCH.dispatch_key
    assert files(tmp_path) == [f"{key}-about.json", f"{key}-letter.pdf"]
    assert (tmp_path / "out" / f"{key}-letter.pdf").read_bytes() == DISPATCH.renditions[RenditionKind.LETTER].content


async def test_what_lies_there_is_never_changed(tmp_path: Path) -> None:
    await sent(tmp_path, DISPATCH)
    other = Rendition.of(RenditionKind.LETTER, b"another letter", pages=1)

    (result,) = await sent(tmp_path, replace(DISPATCH, renditions={RenditionKind.LETTER: other}))

    assert isinstance(result, PermanentError)
    letter = tmp_path / "out" / f"{DISPATCH.dispatch_key}-letter.pdf"
    assert letter.read_bytes() == DISPATCH.renditions[RenditionKind.LETTER].content


async def test_what_lies_there_in_part_is_not_free_for_another_provider_and_is_made_whole(tmp_path: Path) -> None:
    taken = tmp_path / "out" / f"{DISPATCH.dispatch_key}-about.json"
    taken.mkdir(parents=True)

    (result,) = await sent(tmp_path, DISPATCH)
    assert isinstance(result, TransientError)
    assert result.may_have_arrived

    taken.rmdir()
    (result,) = await sent(tmp_path, DISPATCH)
    assert isinstance(result, Receipt)
    assert files(tmp_path) == [f"{DISPATCH.dispatch_key}-about.json", f"{DISPATCH.dispatch_key}-letter.pdf"]


async def test_what_lies_there_in_part_and_cannot_be_made_whole_is_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f"{DISPATCH.dispatch_key}-about.json").write_bytes(b"of somebody else")

    (result,) = await sent(tmp_path, DISPATCH)

    assert isinstance(result, OutcomeUnknownError)
    assert (tmp_path / "out" / f"{DISPATCH.dispatch_key}-letter.pdf").exists()


async def test_what_cannot_be_noted_may_have_arrived_and_is_not_written_twice(tmp_path: Path) -> None:
    state = tmp_path / "written"
    state.write_bytes(b"no folder")

    (result,) = await sent(tmp_path, DISPATCH)
    assert isinstance(result, TransientError)
    assert result.may_have_arrived

    state.unlink()
    before = (tmp_path / "out" / f"{DISPATCH.dispatch_key}-letter.pdf").stat().st_ino
    (result,) = await sent(tmp_path, DISPATCH)
    assert isinstance(result, Receipt)
    assert (tmp_path / "out" / f"{DISPATCH.dispatch_key}-letter.pdf").stat().st_ino == before


async def test_the_half_file_of_a_worker_that_died_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    left = tmp_path / "out" / f".{DISPATCH.dispatch_key}-letter.pdf.part"
    left.write_bytes(b"half")

    (result,) = await sent(tmp_path, DISPATCH)

    assert isinstance(result, Receipt)
    assert not left.exists()


async def test_no_link_below_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "policy_issued").symlink_to(tmp_path / "elsewhere")

    (result,) = await sent(tmp_path, DISPATCH, names="{communication}/{dispatch_key}-{rendition}")

    assert isinstance(result, MisconfiguredError)
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_the_note_can_be_left_out(tmp_path: Path) -> None:
    await sent(tmp_path, DISPATCH, sidecar=False)

    assert files(tmp_path) == [f"{DISPATCH.dispatch_key}-letter.pdf"]


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=10))
def test_no_word_leads_out_of_the_folder(customer: str, run: str, language: str) -> None:
    dispatch = replace(
        DISPATCH, recipient=replace(DISPATCH.recipient, customer_key=customer), run=run, language=language
    )
    template = "{run}/{customer_key}/{language}-{dispatch_key}-{rendition}"
    try:
        path = name_of(dispatch, template, rendition="letter", suffix=".pdf")
    except PermanentError:
        return

    assert not path.is_absolute()
    assert len(path.parts) <= 3
    assert all(part.strip(".") and "/" not in part and part.isascii() for part in path.parts)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_two_words_become_one(one: str, other: str) -> None:
    assert (safe(one) == safe(other)) is (one == other)


def test_a_name_is_made_of_the_words_of_its_template() -> None:
    path = name_of(DISPATCH, "{country}/{dispatch_key}.{rendition}", rendition="letter", suffix=".pdf")

    assert path == PurePosixPath(f"DE/{DISPATCH.dispatch_key}.letter.pdf")


@pytest.mark.parametrize(
    "names",
    [
        "{dispatch_key}",
        "{rendition}",
        "../{dispatch_key}-{rendition}",
        "/{dispatch_key}-{rendition}",
        "a//{dispatch_key}-{rendition}",
        "{dispatch_key}-{rendition}/",
        "{dispatch_key.__class__}-{rendition}",
        "{dispatch_key!r}-{rendition}",
        "{dispatch_key:>900}-{rendition}",
        "{dispatch_key}-{rendition}-{iban}",
        "{dispatch_key}-{rendition",
        "a\\{dispatch_key}-{rendition}",
    ],
)
def test_names_that_would_meet_or_leave_are_refused(names: str) -> None:
    with pytest.raises(ValidationError):
        FolderSettings.model_validate({"folder": "out", "medium": "print", "names": names})


async def test_what_somebody_took_away_is_not_written_again(tmp_path: Path) -> None:
    await sent(tmp_path, DISPATCH)
    for path in (tmp_path / "out").iterdir():
        path.unlink()

    (result,) = await sent(tmp_path, DISPATCH)

    assert isinstance(result, Receipt)
    assert files(tmp_path) == []


async def test_notes_are_forgotten_after_more_than_a_year(tmp_path: Path) -> None:
    notes, then = Notes(tmp_path), datetime(2026, 11, 24, tzinfo=UTC)
    notes.take("old", "digest", at=then)
    notes.take("young", "digest", at=then + timedelta(days=399))
    notes.forget(then + timedelta(days=401))

    assert (notes.of("old"), notes.of("young")) == (None, "digest")
