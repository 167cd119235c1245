"""Real bounces of twenty years: the samples of flufl.bounce, each sent back to an address of ours."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xconnector.connectors.smtp.bounce import events_of
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.domain.reference_token import Purpose, sign

CORPUS = Path(__file__).parents[4] / "shared" / "vectors" / "flufl_bounce"
SECRET = b"a secret of some length"
KEY = "01970000-0000-7000-8000-000000000001-0"
ARRIVED_AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
GIVEN_UP = {DeliveryEventType.BOUNCED, DeliveryEventType.EXPIRED}

NO_BOUNCES = {
    # A person's reply and a shop's automatic one, kept there because they are mistaken for bounces.
    "groupwise_03.txt": DeliveryEventType.RESPONDED,
    "qmail_08.txt": DeliveryEventType.AUTOREPLIED,
}
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(),
    reason="needs the bounce samples in ../shared/vectors/flufl_bounce, which are not in this repository",
)


def truth() -> dict[str, bool]:
    """For each sample, whether its mail system still tries."""
    if not CORPUS.is_dir():
        return {}
    return {row["file"]: row["temporary"] for row in json.loads((CORPUS / "ground_truth.json").read_text())}


def events_in(sample: str) -> list[DeliveryEvent]:
    mail = (CORPUS / "eml" / sample).read_bytes()
    # Some were kept with the line of an mbox above them.
    mail = mail.partition(b"\n")[2] if mail.startswith(b"From ") else mail
    ours = f"Delivered-To: b+{sign(KEY, Purpose.RETURN, SECRET)}@bounces.test\n".encode()
    return list(events_of(ours + mail, secret=SECRET, arrived_at=ARRIVED_AT))


@pytest.mark.parametrize("sample, temporary", truth().items())
def test_a_real_bounce_is_told_from_a_real_delay(sample: str, *, temporary: bool) -> None:
    kinds = {event.type for event in events_in(sample)}

    if exception := NO_BOUNCES.get(sample):
        assert kinds == {exception}
    elif temporary:
        assert kinds == {DeliveryEventType.DEFERRED}
    else:
        assert kinds <= GIVEN_UP


@pytest.mark.parametrize("sample", truth())
def test_only_what_is_given_up_ends_the_hop(sample: str) -> None:
    for event in events_in(sample):
        assert event.final is (event.type in GIVEN_UP)


def test_most_of_them_say_why() -> None:
    reasons = [event.reason for sample in truth() for event in events_in(sample) if event.type in GIVEN_UP]

    assert sum(reason is not None and reason != "other" for reason in reasons) / len(reasons) > 0.6
