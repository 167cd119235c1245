"""The key of a hand-over, `<communication>-<hop>[-r<repeat>]`, as it is given along and comes back."""

import re
from collections.abc import Mapping

GIVEN_ALONG_AS = "xconnector_dispatch"
"""The name under which a dispatch key is given along: as metadata, tag or custom argument. At most 20 signs,
letters and `_`, as every provider takes them."""
DISPATCH_KEY = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(0|[1-9]\d{0,2})(?:-r([1-9]\d{0,4}))?", re.ASCII
)
"""Its parts: communication, hop, and repeat where there is one."""


def dispatch_key_among(references: Mapping[str, str]) -> str | None:
    """Return the dispatch key among what was given along and came back: under our name, else under any.

    Some providers take one text without a name, and call it as they like.
    """
    told = references.get(GIVEN_ALONG_AS, "")
    if DISPATCH_KEY.fullmatch(told):
        return told
    return next((value for value in references.values() if DISPATCH_KEY.fullmatch(value)), None)
