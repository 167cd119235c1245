"""What every source of runs must show, whatever the format of its files.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
The author of a source writes `<connector>/stand_in.py` with an object `RUN_FILES` that can write its files.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Protocol, cast

import pytest

from xconnector.contract.errors import PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.contract.source import ControlTotals, ControlTotalsMismatchError, RunSource, confirm_totals
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module

KEY = "account"
SUM = "amount"
OWNED = "Sämann-7291"
_RECORDS = 40


class RunFiles(Protocol):
    """Writes files of one format, whose records have the fields `account`, `amount` and `text`.

    Where the format itself names the fields, as a standard does, the attributes `key` and `amount` say by which paths
    account and amount are found. Where it has no place for control totals, it has no method `write_with_trailer`.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """The connection as a project file would state it, its key being the account, without `control`."""
        ...

    def write(self, path: Path, records: Sequence[Mapping[str, str]]) -> None:
        """Write a whole file without control totals. A record may lack its `account`."""
        ...


class FilesWithTrailer(RunFiles, Protocol):
    """Writes files that can declare what they hold."""

    def write_with_trailer(self, path: Path, records: Sequence[Mapping[str, str]], totals: ControlTotals) -> None:
        """Write a whole file that ends with these totals, right or wrong."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUnderTest:
    """A registered source of runs and its stand-in's module, if somebody wrote one."""

    name: str
    stand_in: ModuleType | None

    @property
    def files(self) -> RunFiles:
        if self.stand_in is None:
            fail_without_stand_in(self.name, "run source")
        return cast("RunFiles", self.stand_in.RUN_FILES)

    @property
    def files_with_trailer(self) -> FilesWithTrailer:
        if not hasattr(self.files, "write_with_trailer"):
            pytest.skip(f"files of {self.name} have no place for control totals")
        return cast("FilesWithTrailer", self.files)

    @property
    def key(self) -> str:
        return getattr(self.files, "key", KEY)

    @property
    def amount(self) -> str:
        return getattr(self.files, "amount", SUM)

    def source(self, folder: Path, **control: object) -> RunSource:
        found = manifest(self.name)
        settings = found.settings.model_validate({**self.files.settings, "control": control})
        assert found.run_source is not None
        return found.run_source(settings, Surroundings(project_folder=folder, state_folder=folder))


class RunSourceConformance:
    """For every source of runs in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            sources = [
                SourceUnderTest(name=name, stand_in=stand_in_module(self.stand_ins, name, role="run source"))
                for name in names
                if manifest(name).run_source is not None
            ]
            metafunc.parametrize("under_test", sources, ids=[source.name for source in sources])

    def test_every_record_comes_once_in_the_files_order(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, _records())

        read = list(_read(under_test.source(tmp_path), path))

        assert [record.source_key for record in read] == [record[KEY] for record in _records()]
        assert all(isinstance(record, SourceRecord) for record in read)
        assert {record.source for record in read} == {"statements"}

    def test_positions_ascend(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, _records())

        positions = [record.position or 0 for record in _read(under_test.source(tmp_path), path)]

        assert positions == sorted(set(positions))
        assert positions[0] >= 1

    def test_the_same_file_gives_the_same_records_again(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, _records())
        source = under_test.source(tmp_path)

        assert list(_read(source, path)) == list(_read(source, path))

    def test_another_content_under_the_same_key_has_another_payload(
        self, under_test: SourceUnderTest, tmp_path: Path
    ) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, [_record(1), {**_record(1), "amount": "9.99"}])

        first, second = _read(under_test.source(tmp_path), path)

        assert first.source_key == second.source_key
        assert first.payload != second.payload

    def test_a_record_without_its_key_is_set_aside_and_the_rest_passes(
        self, under_test: SourceUnderTest, tmp_path: Path
    ) -> None:
        path = tmp_path / "run"
        nameless = {name: value for name, value in _record(2).items() if name != KEY}
        under_test.files.write(path, [_record(1), nameless, _record(3)])

        first, bad, third = _read(under_test.source(tmp_path), path)

        assert isinstance(first, SourceRecord)
        assert isinstance(bad, BadRecord)
        assert isinstance(third, SourceRecord)
        assert under_test.key in bad.reason
        assert "line" in bad.reason
        assert bad.payload

    def test_totals_agree_with_what_is_read(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, _records())
        source = under_test.source(tmp_path, kind="sidecar", sums=[under_test.amount])

        totals = source.totals(path)

        assert totals.records == len(list(_read(source, path)))
        assert totals.sums == {under_test.amount: _sum(_records())}

    def test_what_the_trailer_declares_is_confirmed(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        declared = ControlTotals(records=_RECORDS, sums={under_test.amount: _sum(_records())})
        under_test.files_with_trailer.write_with_trailer(path, _records(), declared)
        source = under_test.source(tmp_path, kind="trailer", sums=[under_test.amount])

        assert source.declared(path) == declared
        confirm_totals(path, declared, source.totals(path))
        assert len(list(_read(source, path))) == _RECORDS

    @pytest.mark.parametrize(
        "records, amount", [(_RECORDS - 1, Decimal(0)), (_RECORDS, Decimal("0.01")), (_RECORDS + 1, Decimal(5))]
    )
    def test_what_the_trailer_declares_otherwise_stops_the_run(
        self, under_test: SourceUnderTest, tmp_path: Path, records: int, amount: Decimal
    ) -> None:
        path = tmp_path / "run"
        declared = ControlTotals(records=records, sums={under_test.amount: _sum(_records()) + amount})
        under_test.files_with_trailer.write_with_trailer(path, _records(), declared)
        source = under_test.source(tmp_path, kind="trailer", sums=[under_test.amount])

        found = source.declared(path)
        assert found is not None
        with pytest.raises(ControlTotalsMismatchError, match="declared"):
            confirm_totals(path, found, source.totals(path))

    def test_a_trailer_that_is_asked_for_must_be_there(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        under_test.files_with_trailer.write(path, _records())
        source = under_test.source(tmp_path, kind="trailer", sums=[under_test.amount])

        with pytest.raises(PermanentError, match="run"):
            source.declared(path)

    def test_a_sidecar_declares_as_well(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, _records())
        declared = {"records": 40, "sums": {under_test.amount: "12.30"}}
        (tmp_path / "run.control.json").write_text(json.dumps(declared))
        source = under_test.source(tmp_path, kind="sidecar", sums=[under_test.amount])

        assert source.declared(path) == ControlTotals(records=_RECORDS, sums={under_test.amount: Decimal("12.30")})

    def test_a_sidecar_that_is_missing_or_names_another_file_is_told(
        self, under_test: SourceUnderTest, tmp_path: Path
    ) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, _records())
        source = under_test.source(tmp_path, kind="sidecar")

        with pytest.raises(PermanentError, match=r"run\.control\.json is missing"):
            source.declared(path)
        (tmp_path / "run.control.json").write_text('{"records": 40, "sha256": "00"}')
        with pytest.raises(PermanentError, match="SHA-256"):
            source.declared(path)

    def test_without_control_nothing_is_declared(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        path = tmp_path / "run"
        under_test.files.write(path, _records())

        assert under_test.source(tmp_path, kind="none").declared(path) is None

    def test_a_file_that_is_not_there_is_told_by_its_name(self, under_test: SourceUnderTest, tmp_path: Path) -> None:
        source = under_test.source(tmp_path)

        with pytest.raises(PermanentError, match="absent"):
            source.totals(tmp_path / "absent")
        with pytest.raises(PermanentError, match="absent"):
            list(_read(source, tmp_path / "absent"))

    def test_neither_errors_nor_records_show_what_a_customer_owns(
        self, under_test: SourceUnderTest, tmp_path: Path
    ) -> None:
        path = tmp_path / "run"
        nameless = {"amount": "1.00", "text": OWNED}
        under_test.files.write(path, [{KEY: OWNED, "amount": "1.00", "text": OWNED}, nameless])

        shown = [repr(record) for record in _read(under_test.source(tmp_path), path)]

        assert not [words for words in shown if OWNED in words.replace(f"source_key='{OWNED}'", "")]


def _records() -> Sequence[Mapping[str, str]]:
    return [_record(number) for number in range(1, _RECORDS + 1)]


def _record(number: int) -> Mapping[str, str]:
    return {KEY: f"K{number:04}", "amount": f"{number}.{number:02}", "text": 'Grüße, "alle"; <und> & mehr'}


def _sum(records: Sequence[Mapping[str, str]]) -> Decimal:
    return sum((Decimal(record[SUM]) for record in records), Decimal(0))


def _read(source: RunSource, path: Path) -> Iterator[SourceRecord | BadRecord]:
    return source.read(path, source="statements", event_type="com.acme.statement.due")
