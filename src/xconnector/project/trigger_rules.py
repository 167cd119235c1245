"""`on:` of a communication's file into the rules by which it is judged."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from xconnector.domain.calendar import Calendar
from xconnector.domain.record_path import text_of
from xconnector.domain.trigger.rules import (
    Collapse,
    Counter,
    Listening,
    Once,
    OnFailure,
    Order,
    Otherwise,
    Parent,
    TriggerRules,
)
from xconnector.domain.trigger.start import Start
from xconnector.project.findings import Finding, named_like
from xconnector.project.trigger_file import (
    CollapseShape,
    Names,
    OnceShape,
    OrderShape,
    ParentShape,
    Scalar,
    StartShape,
    TriggerShape,
)
from xconnector.project.yaml_file import YamlFile

Where = Mapping[str, Scalar | tuple[Scalar, ...]]
Calendars = Mapping[str, Calendar | None]
"""By name; None where one is wrong. Under "" is the one that has no free days."""


def rules_of(shaped: TriggerShape, file: YamlFile, calendars: Calendars) -> tuple[TriggerRules, list[Finding]]:
    """Return the rules of a trigger, with what is wrong with them."""
    start, wrong = _start(shaped.start, file, calendars)
    rules = TriggerRules(
        once=_once(shaped.once_per),
        order=_order(shaped.order_by),
        parent=_parent(shaped.after),
        collapse=_collapse(shaped.collapse),
        counters=tuple(
            Counter(listening=_listening(one.event, one.key, one.where), within=one.within)
            for one in shaped.cancelled_by
        ),
        start=start,
    )
    return rules, [*wrong, *_contradictions(shaped, file)]


def wanted(where: Where) -> Mapping[str, frozenset[str]]:
    """Return the wanted values as text, as which mapped data is compared."""
    return {
        name: frozenset(text for value in (one if isinstance(one, tuple) else (one,)) if (text := text_of(value)))
        for name, one in where.items()
    }


def _once(shaped: Names | OnceShape | None) -> Once | None:
    if shaped is None:
        return None
    if isinstance(shaped, OnceShape):
        return Once(fields=_several(shaped.key), within=shaped.within)
    return Once(fields=_several(shaped))


def _order(shaped: Names | OrderShape | None) -> Order | None:
    if shaped is None:
        return None
    if isinstance(shaped, OrderShape):
        return Order(fields=_several(shaped.key), on_failure=OnFailure(shaped.on_failure))
    return Order(fields=_several(shaped))


def _parent(shaped: ParentShape | None) -> Parent | None:
    if shaped is None:
        return None
    listening = _listening(shaped.event, shaped.key, shaped.where)
    return Parent(listening=listening, within=shaped.within, otherwise=Otherwise(shaped.otherwise))


def _collapse(shaped: CollapseShape | None) -> Collapse | None:
    if shaped is None:
        return None
    return Collapse(fields=_several(shaped.key), window=shaped.window, longest=shaped.longest)


def _listening(event: str, key: Names | Mapping[str, str], where: Where) -> Listening:
    pairs = tuple(key.items()) if isinstance(key, Mapping) else tuple((name, name) for name in _several(key))
    return Listening(event=event, fields=tuple(sorted(pairs, key=lambda pair: pair[1])), where=wanted(where))


def _contradictions(shaped: TriggerShape, file: YamlFile) -> Iterator[Finding]:
    if shaped.collapse is None:
        return
    if shaped.collapse.longest < shaped.collapse.window:
        message = "the first change waits less long than it must have been quiet"
        yield file.finding(("on", "collapse", "longest"), message, "make `longest` at least as long as `window`")
    for name in ("start", "after"):
        if getattr(shaped, name) is not None:
            message = f"changes become one as they come: not with a trigger that waits by `{name}` as well"
            yield file.finding(("on", name), message, "leave one of them out")


def _several(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


# ---------------------------------------------------------------- start


def _start(shaped: StartShape | None, file: YamlFile, calendars: Calendars) -> tuple[Start | None, list[Finding]]:
    if shaped is None:
        return None, []
    wrong = [*_wrong_start(shaped, file, calendars)]
    calendar = calendars.get(shaped.calendar or "")
    if wrong or calendar is None:
        return None, wrong
    start = Start(
        calendar=calendar,
        field=shaped.field,
        delay=shaped.delay or timedelta(),
        days=shaped.working_days or shaped.days or 0,
        by_working_days=shaped.working_days is not None,
        on_working_day=shaped.calendar is not None,
        at=shaped.at,
    )
    return start, []


def _wrong_start(shaped: StartShape, file: YamlFile, calendars: Calendars) -> Iterator[Finding]:
    place = ("on", "start")
    said = [name for name in ("delay", "days", "working_days") if getattr(shaped, name) is not None]
    if len(said) > 1:
        yield file.finding((*place, said[1]), f"a start has `{said[0]}` already", "keep one of them")
    if not said and shaped.at is None and shaped.field is None:
        remedy = "say `delay`, `working_days`, `days`, `at` or `field`, or leave it out"
        yield file.finding(place, "a start without a time is at once", remedy)
    if shaped.field is not None and shaped.delay is not None:
        yield file.finding((*place, "delay"), "from a day, days are counted", "use `days` or `working_days`")
    if shaped.working_days is not None and shaped.calendar is None:
        remedy = "name one of `calendars` in xconnector.yaml"
        yield file.finding((*place, "working_days"), "working days are those of a calendar", remedy)
    if shaped.calendar is not None and shaped.calendar not in calendars:
        remedy = named_like(shaped.calendar, [name for name in calendars if name])
        yield file.finding((*place, "calendar"), f"there is no calendar {shaped.calendar!r}", remedy)
