import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.connectors.exstream.communications_server.scanned_folder import (
    DELIVERY_FILE,
    DESIGN,
    FILES,
    TEMPLATE,
    directory_composer,
    ended,
    made,
    one_by_one,
    orders,
    scanning,
    submission,
)
from tests.connectors.exstream_communications_server.stand_in import write_design
from xconnector.contract.composer import Composition
from xconnector.contract.errors import (
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.submission import ComposesSubmissions, SubmissionOutcome, Underway
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance.composer import composed, rendition
from xconnector.testing.orders import ALL_KINDS, sample_order, with_data

HOURS = timedelta(hours=1)
CONTENT = b"%PDF-1.4 not read before it is asked for"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_design(tmp_path, DESIGN)
    return tmp_path


def the_file(project: Path, key: str = "run-20261123-0a1b2c") -> Path:
    return project / "in" / f"{key}.in"


def lay_down(project: Path, name: str, content: bytes = CONTENT) -> Path:
    path = project / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def hand_over(project: Path, count: int = 1) -> str:
    """Hand a submission over to nobody, and return its reference."""
    given = submission(count)
    receipt = await directory_composer(project).submit(given, one_by_one(orders(count)))
    return receipt.reference


class TestThroughTheServer:
    @pytest.mark.parametrize("results, left", [(FILES, "files"), (DELIVERY_FILE, "delivery_file")])
    async def test_what_is_dropped_comes_back_by_its_key(
        self, project: Path, results: dict[str, object], left: str
    ) -> None:
        composer, given = directory_composer(project, results=results), submission(3)
        async with scanning(project, "--results", left):
            receipt = await composer.submit(given, one_by_one(orders(3)))
            found = await made(await ended(composer, given, receipt))

        assert {str(order.communication_id) for order in orders(3)} == set(found)
        for result in found.values():
            assert {piece.kind for piece in composed(result).renditions} == ALL_KINDS
            assert rendition(result, RenditionKind.LETTER).pages == 1

    async def test_results_come_by_position_where_the_design_has_no_key(self, project: Path) -> None:
        design = {**DESIGN, "key": {"name": "number"}}
        write_design(project, design)
        composer, given = directory_composer(project, results=DELIVERY_FILE, design=design), submission(2)
        async with scanning(project, "--results", "delivery_file"):
            receipt = await composer.submit(given, one_by_one(orders(2)))
            found = await made(await ended(composer, given, receipt))

        assert set(found) == {1, 2}

    async def test_a_customer_that_the_server_skips_is_left_out(self, project: Path) -> None:
        skipped, kept = orders(2)
        composer, given = directory_composer(project), submission(2)
        async with scanning(project, faults={"drop_keys": [str(skipped.communication_id)]}):
            receipt = await composer.submit(given, one_by_one([skipped, kept]))
            outcome = await ended(composer, given, receipt)

        assert set(await made(outcome)) == {str(kept.communication_id)}
        assert isinstance(outcome.left_out, PermanentError)
        assert "skipped" in str(outcome.left_out)

    async def test_a_slow_server_keeps_the_submission_under_way(self, project: Path) -> None:
        composer, given = directory_composer(project), submission(1)
        async with scanning(project, faults={"job_seconds": 0.6}):
            receipt = await composer.submit(given, one_by_one(orders(1)))
            first = await composer.look(given, receipt.reference)
            outcome = await ended(composer, given, receipt)

        assert isinstance(first, Underway)
        assert len(await made(outcome)) == 1

    @pytest.mark.parametrize(
        "results, awaited",
        [
            (FILES, "run-20261123-0a1b2c/done is awaited"),
            (DELIVERY_FILE, "run-20261123-0a1b2c/_STDDELIVERYFILE.xml is awaited, whole"),
            ({"kind": "files", "folder": "out"}, "such as"),
        ],
    )
    async def test_what_is_awaited_is_named(self, project: Path, results: dict[str, object], awaited: str) -> None:
        composer, given = directory_composer(project, results=results), submission(1)
        receipt = await composer.submit(given, one_by_one(orders(1)))
        the_file(project).unlink()
        found = await composer.look(given, receipt.reference)

        assert isinstance(found, Underway)
        assert awaited in found.said
        assert str(project / "out") in found.said

    async def test_the_readme_s_names_are_those_of_the_stand_in(self, project: Path) -> None:
        readme = (Path(__file__).parents[4] / "src/xconnector/connectors/exstream/README.md").read_text()
        named = dict(
            re.findall(
                r'^ +(name|trigger): "(policies_[^"]+)"$', readme[: readme.index("### A directory")], re.MULTILINE
            )
        )
        (name,) = re.findall(r'name: "(policies_\{submission\}\.json)"', readme)
        results = {**FILES, "name": named["name"], "trigger": named["trigger"]}
        composer, given = directory_composer(project, results=results, name=name), submission(1)
        async with scanning(project, "--pattern", "policies_*.json"):
            receipt = await composer.submit(given, one_by_one(orders(1)))
            found = await made(await ended(composer, given, receipt))

        assert len(found) == 1

    async def test_a_growing_delivery_file_is_not_whole(self, project: Path) -> None:
        faults = {"delivery_parts": 4, "delivery_pause": 0.15}
        composer, given = directory_composer(project, results=DELIVERY_FILE), submission(2)
        async with scanning(project, "--results", "delivery_file", faults=faults):
            receipt = await composer.submit(given, one_by_one(orders(2)))
            found = await made(await ended(composer, given, receipt))

        assert [type(result) for result in found.values()] == [Composition, Composition]

    async def test_a_look_may_be_repeated_after_the_end(self, project: Path) -> None:
        composer, given = directory_composer(project), submission(1)
        async with scanning(project):
            receipt = await composer.submit(given, one_by_one(orders(1)))
            first = await made(await ended(composer, given, receipt))

        assert await made(await ended(composer, given, receipt)) == first

    async def test_a_file_whose_name_does_not_fit_is_taken_by_nobody(self, project: Path) -> None:
        given = submission(1)
        async with scanning(project, "--pattern", "*.xml"):
            receipt = await directory_composer(project).submit(given, one_by_one(orders(1)))
            later = directory_composer(project, now=lambda: datetime.now(UTC) + HOURS)
            with pytest.raises(TransientError, match="nobody takes run-20261123-0a1b2c"):
                await later.look(given, receipt.reference)


class TestHandingOver:
    async def test_it_always_takes_submissions(self, project: Path) -> None:
        composer = directory_composer(project)

        assert isinstance(composer, ComposesSubmissions)
        assert composer.submits(TEMPLATE, of_run=True)
        assert composer.submits(TEMPLATE, of_run=False)
        assert [type(result) for result in await composer.compose(orders(2))] == [PermanentError, PermanentError]

    async def test_the_folder_shows_whole_files_only(self, project: Path) -> None:
        await hand_over(project, count=2)

        assert [entry.name for entry in (project / "in").iterdir() if entry.is_file()] == ["run-20261123-0a1b2c.in"]
        customers = json.loads(the_file(project).read_bytes())
        assert [one["communication"]["id"] for one in customers] == [str(one.communication_id) for one in orders(2)]

    async def test_a_customer_that_cannot_be_written_leaves_no_file(self, project: Path) -> None:
        broken = with_data(orders(1)[0], note="\ud800")
        with pytest.raises(PermanentError):
            await directory_composer(project).submit(submission(1), one_by_one([broken]))

        assert [entry for entry in (project / "in").rglob("*") if entry.is_file()] == []
        assert await directory_composer(project).find(submission(1)) is None

    async def test_the_server_may_read_what_is_handed_over(self, project: Path) -> None:
        await directory_composer(project, permissions="0664").submit(submission(1), one_by_one(orders(1)))

        assert the_file(project).stat().st_mode & 0o777 == 0o664

    async def test_the_same_submission_is_handed_over_once(self, project: Path) -> None:
        composer, given = directory_composer(project), submission(1)
        first = await composer.submit(given, one_by_one(orders(1)))
        the_file(project).unlink()

        assert await composer.submit(given, one_by_one(orders(1))) == first
        assert not the_file(project).exists()

    async def test_check_leaves_no_file_for_the_server(self, project: Path) -> None:
        await directory_composer(project).check()

        assert [entry for entry in (project / "in").rglob("*") if entry.is_file()] == []

    async def test_below_an_unmounted_share_nothing_is_made(self, project: Path) -> None:
        composer = directory_composer(project, folder=str(project / "share"))

        with pytest.raises(TransientError, match="is the share mounted"):
            await composer.check()
        with pytest.raises(TransientError, match="is the share mounted"):
            await composer.submit(submission(1), one_by_one(orders(1)))
        assert not (project / "share").exists()

    async def test_a_folder_that_is_a_file_is_misconfigured(self, project: Path) -> None:
        (project / "in").write_text("")

        with pytest.raises((MisconfiguredError, TransientError)):
            await directory_composer(project).check()

    async def test_marks_are_forgotten_in_time(self, project: Path) -> None:
        await hand_over(project)
        mark = next((project / "in" / ".xconnector").iterdir())
        os.utime(mark, (0, 0))

        await directory_composer(project).submit(submission(1, "another"), one_by_one(orders(1)))

        assert not mark.exists()


class TestAfterACrash:
    async def test_what_was_never_begun_is_not_found(self, project: Path) -> None:
        assert await directory_composer(project).find(submission(1)) is None

    async def test_what_lies_there_is_found(self, project: Path) -> None:
        reference = await hand_over(project)
        found = await directory_composer(project).find(submission(1))

        assert found is not None
        assert found.reference == reference

    async def test_what_was_taken_without_a_trace_is_found(self, project: Path) -> None:
        await hand_over(project)
        the_file(project).unlink()

        assert await directory_composer(project).find(submission(1)) is not None

    async def test_what_was_written_and_not_renamed_is_not_found_and_handed_over_anew(self, project: Path) -> None:
        await hand_over(project)
        # As it stands between the mark and the rename.
        the_file(project).rename(project / "in" / ".xconnector" / "run-20261123-0a1b2c.part")
        composer = directory_composer(project)

        assert await composer.find(submission(1)) is None
        await composer.submit(submission(1), one_by_one(orders(1)))
        assert the_file(project).exists()

    async def test_a_folder_out_of_reach_leaves_it_unknown(self, project: Path) -> None:
        composer = directory_composer(project, folder=str(project / "share"))

        with pytest.raises(OutcomeUnknownError):
            await composer.find(submission(1))


class TestResults:
    async def test_files_settle_when_none_has_changed(self, project: Path) -> None:
        settled = {"kind": "files", "folder": "out", "settled_after": "10m"}
        reference = await hand_over(project)
        the_file(project).unlink()
        path = lay_down(project, "run-20261123-0a1b2c/K1.archive.pdf")
        composer = directory_composer(project, results=settled)

        assert isinstance(await composer.look(submission(1), reference), Underway)
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3600))
        assert isinstance(await composer.look(submission(1), reference), SubmissionOutcome)

    async def test_files_that_have_settled_are_not_whole_before_they_name_every_customer(self, project: Path) -> None:
        settled = {"kind": "files", "folder": "out", "settled_after": "1m"}
        reference = await hand_over(project, 2)
        the_file(project).unlink()
        first, second = (lay_down(project, f"run-20261123-0a1b2c/K1.{queue}.pdf") for queue in ("archive", "mail"))
        for path in (first, second):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3600))
        soon = directory_composer(project, results=settled)
        late = directory_composer(project, results=settled, now=lambda: datetime.now(UTC) + 5 * HOURS)
        early, outcome = [await composer.look(submission(2), reference) for composer in (soon, late)]

        assert isinstance(early, Underway)
        assert isinstance(outcome, SubmissionOutcome)
        assert set(await made(outcome)) == {"K1"}

    async def test_files_of_other_names_and_links_are_left_alone(self, project: Path) -> None:
        reference = await hand_over(project)
        the_file(project).unlink()
        for name in ("K1.archive.pdf", "K2.archive.exe", "notes", "done"):
            lay_down(project, f"run-20261123-0a1b2c/{name}")
        (project / "out" / "run-20261123-0a1b2c" / "K3.archive.pdf").symlink_to("/etc/passwd")
        outcome = await directory_composer(project).look(submission(1), reference)

        assert isinstance(outcome, SubmissionOutcome)
        assert set(await made(outcome)) == {"K1"}

    @pytest.mark.parametrize("name", ["/etc/passwd", "../../secret.pdf", "..\\secret.pdf", "secret.pdf", "/x/none.pdf"])
    async def test_a_listed_file_outside_of_the_folder_is_never_read(self, project: Path, name: str) -> None:
        reference = await hand_over(project)
        the_file(project).unlink()
        (project / "secret.pdf").write_bytes(CONTENT)
        (project / "out" / "run-20261123-0a1b2c").mkdir(parents=True)
        (project / "out" / "run-20261123-0a1b2c" / "secret.pdf").symlink_to(project / "secret.pdf")
        lay_down(
            project,
            "run-20261123-0a1b2c/_STDDELIVERYFILE.xml",
            f'<outputList><queue mimeType="application/pdf" pdl="PDF" name="archive"><file name="{name}">'
            '<customer number="1"><key name="CommunicationId">K1</key></customer></file></queue></outputList>'.encode(),
        )
        later = directory_composer(project, results=DELIVERY_FILE, now=lambda: datetime.now(UTC) + 5 * HOURS)
        outcome = await later.look(submission(1), reference)

        assert isinstance(outcome, SubmissionOutcome)
        (result,) = (await made(outcome)).values()
        assert isinstance(result, PermanentError)
        assert name not in str(result)

    async def test_a_listed_file_that_is_still_on_its_way_is_looked_for_again(self, project: Path) -> None:
        reference = await hand_over(project)
        the_file(project).unlink()
        lay_down(
            project,
            "run-20261123-0a1b2c/_STDDELIVERYFILE.xml",
            b'<outputList><queue mimeType="application/pdf" pdl="PDF" name="archive">'
            b'<file name="/export/Queue_1_archive/K1.pdf"><customer number="1"><key name="CommunicationId">K1</key>'
            b"</customer></file></queue></outputList>",
        )
        outcome = await directory_composer(project, results=DELIVERY_FILE).look(submission(1), reference)

        assert isinstance(outcome, SubmissionOutcome)
        assert [type(result) for result in (await made(outcome)).values()] == [TransientError]

    async def test_results_that_never_become_whole_are_told(self, project: Path) -> None:
        reference = await hand_over(project)
        the_file(project).unlink()
        later = directory_composer(project, now=lambda: datetime.now(UTC) + 5 * HOURS)

        with pytest.raises(TransientError, match="was taken, and its results"):
            await later.look(submission(1), reference)

    async def test_a_document_that_is_too_large_is_refused(self, project: Path) -> None:
        reference = await hand_over(project)
        the_file(project).unlink()
        lay_down(project, "run-20261123-0a1b2c/K1.archive.pdf")
        lay_down(project, "run-20261123-0a1b2c/done", b"")
        outcome = await directory_composer(project, largest_output=10).look(submission(1), reference)

        assert isinstance(outcome, SubmissionOutcome)
        assert "largest_output" in str((await made(outcome))["K1"])


class TestAdmitting:
    def test_an_order_is_known_by_its_key(self, project: Path) -> None:
        order = sample_order(template=TEMPLATE)

        assert directory_composer(project).admit(order) == str(order.communication_id)

    def test_an_unknown_template_is_refused(self, project: Path) -> None:
        with pytest.raises(PermanentError):
            directory_composer(project).admit(sample_order(template="../policy_issued"))

    def test_a_key_that_is_no_file_name_is_refused(self, project: Path) -> None:
        design = {**DESIGN, "key": {"name": "Policy", "path": "data.policy_number"}}
        order = with_data(sample_order(template=TEMPLATE), policy_number="../P-1")

        with pytest.raises(PermanentError, match="slash"):
            directory_composer(project, design=design).admit(order)
