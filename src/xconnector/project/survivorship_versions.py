"""The form in which a table of survivorship is kept, so that it can be read when nobody has its file any more."""

import hashlib
from functools import lru_cache

import msgspec

from xconnector.domain.golden import Survivorship
from xconnector.domain.survivorship import SurvivorshipRow
from xconnector.store.survivorship_versions import KeptSurvivorship

_rows = msgspec.json.Decoder(list[SurvivorshipRow])


@lru_cache(maxsize=16)
def kept_form(rules: Survivorship) -> KeptSurvivorship:
    """Return a table as it is kept: two that choose by the same rows, however they are written, have one digest."""
    content = msgspec.json.encode(rules.rows)
    return KeptSurvivorship(sha256=hashlib.sha256(content).hexdigest(), content=content.decode())


def read_kept(kept: KeptSurvivorship) -> Survivorship:
    """Return the table that is kept."""
    return Survivorship(_rows.decode(kept.content))
