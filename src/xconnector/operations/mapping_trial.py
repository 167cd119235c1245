"""A dry run: what another version of a mapping would have made of the records that came. Nothing is kept or sent."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from xconnector.postgres.connect import Pool, snapshot
from xconnector.project.judging_records import judge_record
from xconnector.project.mapping import RecordMapping
from xconnector.project.model import Project
from xconnector.store import recorded
from xconnector.store.inbox import TakenRecord
from xconnector.store.recorded import Window

TAKEN_BACK = "(taken back)"
_OF_CUSTOMER = "customer."
_NAMES_MAPPING = re.compile(r"^mapping \S+: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a mapping makes of a record."""

    values: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """Fields; those of the customer as `customer.<name>`, keys as `customer` and `key`."""
    communications: Sequence[str] = ()
    """Names of those that it asks for."""
    error: str | None = None
    """Why the record is set aside."""

    def told(self, name: str) -> object:
        """Return a value; of a customer's field that is taken back, which is more than saying nothing, so in words."""
        value = self.values.get(name)
        return TAKEN_BACK if value is None and name in self.values and name.startswith(_OF_CUSTOMER) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A record of which the two mappings make something else."""

    source: str
    source_key: str
    now: Made
    then: Made

    @property
    def fields(self) -> Sequence[str]:
        """The names of the fields that differ."""
        names = dict.fromkeys([*self.now.values, *self.then.values])
        return [name for name in names if self.now.told(name) != self.then.told(name)]


@dataclass(slots=True, kw_only=True)
class Trial:
    """The totals of a dry run, while it goes on."""

    records: int = 0
    differing: int = 0
    rejected_now: int = 0
    rejected_then: int = 0
    fields: Counter[str] = field(default_factory=Counter[str])
    """How many records differ in a field."""
    communications_now: Counter[str] = field(default_factory=Counter[str])
    communications_then: Counter[str] = field(default_factory=Counter[str])


async def try_mapping(
    pool: Pool, project: Project, candidate: RecordMapping, window: Window, trial: Trial
) -> AsyncIterator[Difference]:
    """Yield every record of a window of which a candidate makes something else than the mapping of its day.

    `trial` is kept up while records are read.
    """
    async with snapshot(pool) as connection:
        async for page in recorded.pages(connection, window):
            for record in page:
                difference = _tried(project, candidate, record, trial)
                if difference is not None:
                    yield difference


def _tried(project: Project, candidate: RecordMapping, record: TakenRecord, trial: Trial) -> Difference | None:
    now, then = _made(project, record), _made(project, record, candidate)
    trial.records += 1
    trial.rejected_now += now.error is not None
    trial.rejected_then += then.error is not None
    trial.communications_now.update(now.communications)
    trial.communications_then.update(then.communications)
    if now == then:
        return None
    found = Difference(source=record.source, source_key=record.source_key, now=now, then=then)
    trial.differing += 1
    trial.fields.update(found.fields)
    return found


def _made(project: Project, record: TakenRecord, instead: RecordMapping | None = None) -> Made:
    judged = judge_record(project, record, instead=instead)
    if judged.error is not None:
        # It names the mapping; that they are called differently is no difference.
        return Made(error=_NAMES_MAPPING.sub("", judged.error))
    if judged.source is None:
        return Made()
    mapped = judged.source.mapped
    said = {f"{_OF_CUSTOMER}{name}": value for name, value in mapped.customer_fields.items()}
    said |= {f"{_OF_CUSTOMER}verified.{name}": True for name in mapped.verified}
    said |= {f"{_OF_CUSTOMER}deleted": True} if judged.source.is_deleted else {}
    keys = {"customer": mapped.customer_key, "key": mapped.source_key}
    return Made(values={**mapped.data, **said, **keys}, communications=judged.communications)
