"""Exstream's words for what became of a communication, and ours.

`expctr.schemaType` is `Exstream-Generated`, `Exstream-Email-Submit`, `Exstream-<channel>`, `Exstream-<channel>-Failed`
or `Exstream-Email-<status>` (S2, from the online help). Of the statuses only `POST`, `OPEN` and `NDLV` are shown there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from xconnector.domain.delivery import DeliveryEventType, DeliveryReason


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word says of a hand-over."""

    type: DeliveryEventType
    final: bool = False
    reason: DeliveryReason | None = None


UNKNOWN = Meaning(DeliveryEventType.UNKNOWN)

_EXACT: Mapping[str, Meaning] = {
    # A document was made; nothing was handed over yet, so that it confirms nothing.
    "Exstream-Generated": UNKNOWN,
    "Exstream-Email-Submit": Meaning(DeliveryEventType.SENT),
    "Exstream-Email-POST": Meaning(DeliveryEventType.ACCEPTED),
    "Exstream-Email-OPEN": Meaning(DeliveryEventType.OPENED),
    "Exstream-Email-NDLV": Meaning(DeliveryEventType.BOUNCED, final=True, reason=DeliveryReason.OTHER),
}
_FAILED = re.compile(r"Exstream-[A-Za-z0-9_ ]+-Failed")
_CHANNEL = re.compile(r"Exstream-[A-Za-z0-9_ ]+")


def meaning_of(word: str) -> Meaning:
    """Return what a schema type means; one that is not known is UNKNOWN, never an error."""
    if word in _EXACT:
        return _EXACT[word]
    if _FAILED.fullmatch(word):
        return Meaning(DeliveryEventType.FAILED, final=True, reason=DeliveryReason.OTHER)
    if _CHANNEL.fullmatch(word):
        return Meaning(DeliveryEventType.ACCEPTED)
    return UNKNOWN
