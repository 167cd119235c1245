from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.connectors.exstream.full_disk import room_for
from xconnector.connectors.exstream.cloud.hand_over import HandOvers
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.submission import SubmissionReceipt

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
RECEIPT = SubmissionReceipt(reference="r-1", detail={"jobs": "j-1"}, jobs=frozenset({"j-1"}))


def hand_overs(folder: Path, now: datetime = NOW) -> HandOvers:
    return HandOvers(folder, lambda: now)


def handed_over(folder: Path, name: str = "s-1", receipt: SubmissionReceipt | None = RECEIPT) -> None:
    with hand_overs(folder).begun(name, "Runs") as hand_over:
        hand_over.add("customer-1")
        hand_over.is_sent()
        if receipt is not None:
            hand_over.is_answered(receipt)


def test_what_was_answered_is_kept_until_it_cannot_matter_any_more(tmp_path: Path) -> None:
    handed_over(tmp_path)

    known = hand_overs(tmp_path).of("s-1")
    assert (known.receipt, known.channel, known.sent_at) == (RECEIPT, "Runs", NOW)
    assert known.has("customer-1")
    assert not known.has("customer-2")

    with hand_overs(tmp_path, datetime.now(UTC) + timedelta(days=31)).begun("s-2", "Runs"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["s-2.json"]


def test_a_line_that_was_cut_off_loses_no_earlier_one(tmp_path: Path) -> None:
    handed_over(tmp_path, receipt=None)
    with (tmp_path / "s-1.json").open("ab") as file:
        file.write(b'\n{"began_at":"2026-03-0')

    assert hand_overs(tmp_path).of("s-1").sent_at == NOW
    hand_overs(tmp_path).found("s-1", RECEIPT)
    assert hand_overs(tmp_path).of("s-1").receipt == RECEIPT


def test_a_worker_that_died_before_it_wrote_anything_has_sent_nothing(tmp_path: Path) -> None:
    (tmp_path / "s-1.json").write_bytes(b"")

    assert hand_overs(tmp_path).of("s-1").sent_at is None


def test_what_is_not_known_counts_from_when_it_was_first_looked_for(tmp_path: Path) -> None:
    assert hand_overs(tmp_path).of("s-1").sent_at == NOW
    assert hand_overs(tmp_path, NOW + timedelta(hours=1)).of("s-1").sent_at == NOW


def test_what_was_looked_for_on_a_full_disk_does_not_count_as_never_sent(tmp_path: Path) -> None:
    with room_for(10), pytest.raises(MisconfiguredError, match="make room"):
        hand_overs(tmp_path).of("s-1")

    assert hand_overs(tmp_path).of("s-1").sent_at == NOW


def test_what_was_left_on_a_full_disk_goes_with_the_rest(tmp_path: Path) -> None:
    with room_for(10), pytest.raises(MisconfiguredError):
        hand_overs(tmp_path).of("s-1")
    with hand_overs(tmp_path, datetime.now(UTC) + timedelta(days=31)).begun("s-2", "Runs"):
        pass

    assert [path.name for path in tmp_path.iterdir()] == ["s-2.json"]


@pytest.mark.parametrize("refusal", [TransientError, PermanentError, MisconfiguredError])
def test_what_surely_did_not_happen_counts_as_not_sent(tmp_path: Path, refusal: type[ConnectorError]) -> None:
    refused(tmp_path, refusal("it takes nothing"))

    assert hand_overs(tmp_path).of("s-1").sent_at is None
    assert list(hand_overs(tmp_path).others("s-2")) == []


def test_what_may_have_happened_counts_as_sent(tmp_path: Path) -> None:
    refused(tmp_path, OutcomeUnknownError("lost"))

    assert hand_overs(tmp_path).of("s-1").sent_at == NOW
    assert [other.sent_at for other in hand_overs(tmp_path).others("s-2")] == [NOW]


def test_what_was_refused_is_handed_over_again_under_the_same_key(tmp_path: Path) -> None:
    refused(tmp_path, TransientError("it is down"))
    handed_over(tmp_path)

    assert hand_overs(tmp_path).of("s-1").receipt == RECEIPT


def refused(folder: Path, error: ConnectorError) -> None:
    """Hand a submission over that is refused when all of it was sent."""
    with suppress(type(error)), hand_overs(folder).begun("s-1", "Runs") as hand_over:
        hand_over.add("customer-1")
        hand_over.is_sent()
        raise error


def test_others_are_those_that_were_sent(tmp_path: Path) -> None:
    handed_over(tmp_path, "s-1")
    handed_over(tmp_path, "s-2", receipt=None)
    with hand_overs(tmp_path).begun("s-3", "Runs"):
        pass

    assert [other.receipt for other in hand_overs(tmp_path).others("s-4")] == [RECEIPT, None]
    assert [other.receipt for other in hand_overs(tmp_path).others("s-1")] == [None]


def test_only_submissions_to_one_channel_with_a_customer_in_common_are_alike(tmp_path: Path) -> None:
    for name, channel, customer in (("a", "Runs", "1"), ("b", "Runs", "1"), ("c", "Others", "1"), ("d", "Runs", "2")):
        with hand_overs(tmp_path).begun(name, channel) as hand_over:
            hand_over.add(customer)
            hand_over.is_sent()
    first, *others = (hand_overs(tmp_path).of(name) for name in "abcd")

    assert [first.is_like(other) for other in others] == [True, False, False]
