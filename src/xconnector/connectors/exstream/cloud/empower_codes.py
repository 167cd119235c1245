"""Empower's status codes, and which of the four errors they are."""

import re
from collections.abc import Mapping
from typing import Final

from xconnector.connectors.exstream.cloud.empower_settings import Meaning
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError

KNOWN: Final[Mapping[str, Meaning]] = {
    "0": Meaning.DONE,
    "SERV100I": Meaning.DONE,
    "SERV107I": Meaning.DONE,
    "BUSI110E": Meaning.GONE,
    "BUSI172E": Meaning.EXISTS,
    "BUSI175E": Meaning.FORBIDDEN,
}
"""As the online help names them (S2)."""

_SPELLED: Final = re.compile(r"[A-Z]{3,6}[0-9]{2,4}(?P<severity>[IWES])", re.ASCII)
_NO_HARM: Final = frozenset("IW")


def meaning_of(code: str, further: Mapping[str, Meaning]) -> Meaning:
    """Return what a code means; of one that nobody knows, its last letter says whether it was done."""
    known = further.get(code) or KNOWN.get(code)
    if known is not None:
        return known
    spelled = _SPELLED.fullmatch(code)
    return Meaning.DONE if spelled is not None and spelled["severity"] in _NO_HARM else Meaning.REFUSED


def error_of(code: str, meaning: Meaning, at: str) -> ConnectorError:
    """Return which error a code is that is not `done`. Empower's own text is not told: it may quote customers."""
    shown = code if re.fullmatch(r"[A-Za-z0-9_]{1,20}", code) else "of a kind that is not known"
    told = f"Empower at {at} answers with code {shown}"
    match meaning:
        case Meaning.FORBIDDEN:
            return MisconfiguredError(f"{told}: the account of `sign_in` may not do that there")
        case Meaning.GONE:
            return PermanentError(f"{told}: it has no such document (any more)")
        case Meaning.EXISTS:
            return PermanentError(f"{told}: it has such a document already")
        case _:
            return PermanentError(f"{told}: look the code up under `/config/errorCodes` of Empower")
