"""How far we agree on real bounces of twenty years: the samples of flufl.bounce."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.mail import signals_of_mail
from xconnector.domain.feedback.mime import read_mail
from xconnector.domain.feedback.signal import Signal

CORPUS = Path(__file__).parents[4] / "shared" / "vectors" / "flufl_bounce"
REVIEWED = Path(__file__).parent / "flufl_bounce_reviewed.txt"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(),
    reason="needs the bounce samples in ../shared/vectors/flufl_bounce, which are not in this repository",
)


@cache
def signals(sample: str) -> Sequence[Signal]:
    return signals_of_mail(read_mail((CORPUS / "eml" / sample).read_bytes()))


def agreement(agreed: Sequence[bool]) -> float:
    return sum(agreed) / len(agreed)


def rows() -> list[tuple[str, set[str], bool]]:
    told = json.loads((CORPUS / "ground_truth.json").read_text(encoding="utf-8"))
    return [(row["file"], {one.lower() for one in row["addresses"]}, row["temporary"]) for row in told]


def test_what_is_late_is_told_from_what_is_given_back() -> None:
    late = {name: all(one.type is DeliveryEventType.DEFERRED for one in signals(name)) for name, _, _ in rows()}

    assert agreement([late[name] is temporary for name, _, temporary in rows()]) == 1


def test_most_recipients_are_found() -> None:
    found = {name: {(one.recipient or "").lower() for one in signals(name)} - {""} for name, _, _ in rows()}

    assert agreement([found[name] == addresses for name, addresses, _ in rows()]) >= 0.9


def test_class_and_reason_stay_as_they_were_reviewed() -> None:
    read = [line.split() for line in REVIEWED.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]

    assert agreement([signals(name)[0].bounce_class == told for name, told, _ in read]) >= 0.95
    assert agreement([signals(name)[0].reason == told for name, _, told in read]) >= 0.95
