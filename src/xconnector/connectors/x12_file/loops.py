"""How segments make loops, and which loops are records, in the transaction sets that we read (X12 005010).

835 (X221): a record is a claim, CLP; its service lines are `services`. Around it: `payer`, `payee`.
277 (X212, X214): a record is a status, TRN with its STC, of whom the levels above name: `source`, `receiver`,
`provider`, `subscriber` or `patient`, `dependent`.
834 (X220): a record is a member, INS; `names` are those of the member and of others, `coverages` what it is enrolled
in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xconnector.connectors.x12_file.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop: the segment with which it begins, and what may stand in it."""

    name: str
    begins: str
    """Name of its first segment."""
    element: int = 1
    """The element of that segment that tells loops apart."""
    values: frozenset[str] = frozenset()
    """What stands in that element; empty for whatever it is."""
    loops: tuple["Loop", ...] = ()
    keeps: frozenset[str] = frozenset()
    """Segments that belong here although they begin a loop further out."""
    is_kept: bool = True
    """Whether it stays part of what surrounds it; otherwise it is over when its like begins."""
    is_record: bool = False
    needs: str = ""
    """The segment without which it is no record."""

    def is_begun_by(self, segment: Segment) -> bool:
        """Say whether a segment is the first of such a loop."""
        return segment.name == self.begins and (not self.values or segment.text(self.element) in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionSet:
    """What a kind of transaction set holds."""

    about: str
    loops: tuple[Loop, ...] = field(repr=False)


def _one(*values: str) -> frozenset[str]:
    return frozenset(values)


_SERVICES = Loop(name="services", begins="SVC")
_CLAIM = Loop(name="claim", begins="CLP", is_record=True, is_kept=False, loops=(_SERVICES,))
_PAYMENT = (
    Loop(name="payer", begins="N1", values=_one("PR")),
    Loop(name="payee", begins="N1", values=_one("PE")),
    Loop(name="assigned", begins="LX", is_kept=False, loops=(_CLAIM,)),
    _CLAIM,
    Loop(name="adjustment", begins="PLB", is_kept=False),
)

_STATUS = Loop(name="status", begins="TRN", is_record=True, is_kept=False, needs="STC", loops=(_SERVICES,))


def _level(name: str, code: str, *inside: Loop) -> Loop:
    return Loop(name=name, begins="HL", element=3, values=_one(code), is_kept=False, loops=(*inside, _STATUS))


_PEOPLE = (_level("subscriber", "22", _level("dependent", "23")), _level("patient", "PT"))
_PROVIDER = _level("provider", "19", *_PEOPLE)
_STATUSES = (_level("source", "20", _level("receiver", "21", _PROVIDER, *_PEOPLE), _PROVIDER),)

_PROVIDERS = Loop(name="providers", begins="LX", keeps=_one("NM1", "N1"))
_COORDINATION = Loop(name="coordination", begins="COB", keeps=_one("NM1"))
_MEMBER = Loop(
    name="member",
    begins="INS",
    is_record=True,
    is_kept=False,
    loops=(
        Loop(name="names", begins="NM1"),
        Loop(name="disabilities", begins="DSB"),
        Loop(name="coverages", begins="HD", loops=(_PROVIDERS, _COORDINATION)),
        Loop(name="reporting", begins="LS", keeps=_one("N1", "LX", "NM1")),
    ),
)
_ENROLMENT = (
    Loop(name="sponsor", begins="N1", values=_one("P5")),
    Loop(name="payer", begins="N1", values=_one("IN")),
    Loop(name="broker", begins="N1", values=_one("BO", "TV")),
    _MEMBER,
)

TRANSACTION_SETS: Mapping[str, TransactionSet] = {
    "835": TransactionSet(about="claim payments", loops=_PAYMENT),
    "277": TransactionSet(about="claim statuses", loops=_STATUSES),
    "834": TransactionSet(about="enrolments", loops=_ENROLMENT),
}
