"""Whether the decision tables of a project fit what asks them: one function a rule."""

from collections.abc import Iterator, Mapping, Sequence

from xconnector.domain.decision.cells import Cell, fits_value, values_of
from xconnector.domain.decision.table import Domain, HitPolicy, Row
from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.arranging import LEFT_OPEN
from xconnector.domain.routing.check_inputs import inputs_of
from xconnector.domain.routing.check_outputs import output_mistakes
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check
from xconnector.domain.routing.route_cell import Proposal, proposal_of
from xconnector.project.checks import KEYS
from xconnector.project.connection_settings import Role, without_role
from xconnector.project.findings import Finding, named_like
from xconnector.project.known import Known, KnownCommunication
from xconnector.project.model import CommunicationKind
from xconnector.project.routing import CONSTANT_INPUTS, NO_REVIEW, input_domains, input_kinds, medium_domains
from xconnector.project.tables.checking import faults
from xconnector.project.tables.strange_words import strange_words
from xconnector.project.tables.text import TableText

_JURISDICTION = "jurisdiction"
_MOST_NAMED = 5


def table_misfits(known: Known) -> Iterator[Finding]:
    """Yield everything in which tables do not fit what asks them."""
    kinds = [one.kind for one in known.communications.values() if one is not None]
    for name, text in sorted(known.tables.items()):
        if text is not None:
            yield from faults(text, known=_domains_of(name, kinds, known))
    for name, part in sorted(known.parts_of_tables.items()):
        yield from strange_words(part, _domains_of(name, kinds, known))
        yield from _inputs_of_part(name, part, kinds, known)
    yield from _checks(kinds, known)
    yield from _home_country(known)
    for name in sorted({kind.route for kind in kinds} & {*known.tables}):
        table = known.tables[name]
        if table is not None:
            yield from _route_cells(table, known)
            yield from _roles(table, known)
    yield from _inputs_of_communications(kinds, known)
    for one in known.communications.values():
        if one is not None:
            yield from _communication(one, known)


def connections_named(kind: CommunicationKind, known: Known) -> set[str]:
    """Return every connection that a communication may take."""
    table = known.tables.get(kind.route)
    proposals = [_proposal(row) for row in (() if table is None else _rows_for(kind, table))]
    named = {name for one in proposals if one is not None for name in one.connections}
    return named | ({known.checks.default} if known.checks.default is not None else set())


def tables_asked(known: Known) -> frozenset[str]:
    """Return the names of the tables that a communication or a check asks."""
    kinds = [one.kind for one in known.communications.values() if one is not None]
    return frozenset(name for kind in kinds for name in (kind.route, *kind.tables.values())) | _names_of_checks(known)


# ---------------------------------------------------------------------------- what tables see


def _domains_of(name: str, kinds: Sequence[CommunicationKind], known: Known) -> Mapping[str, Domain]:
    """Return what is known of the inputs of a table, by who asks it."""
    if name in _names_of_checks(known):
        return input_domains(kinds) | medium_domains()
    asking = [kind for kind in kinds if name in {kind.route, *kind.tables.values()}]
    # Nobody knows what a table sees that is not asked yet.
    return input_domains(asking) if asking else {}


def _names_of_checks(known: Known) -> set[str]:
    return {name for names in known.checks.tables.values() for name in names}


def _inputs(
    kinds: Mapping[str, Mapping[str, Kind]], asked: Sequence[CommunicationKind], text: TableText
) -> Iterator[Finding]:
    """Prove that every row looks at inputs that the communications it may concern have, of the right kind.

    What is wrong in the same way for several rows or communications is told once, at the first row.
    """
    lacking: dict[str, tuple[Row, list[str]]] = {}
    odd: dict[tuple[str, Kind], Row] = {}
    for kind in asked:
        known = kinds[kind.name]
        for row in _rows_for(kind, text):
            for cell, one in zip(row.when, text.table.inputs, strict=True):
                if _asks_nothing(cell):
                    continue
                if one.name not in known:
                    lacking.setdefault(one.name, (row, []))[1].append(kind.name)
                elif one.domain.kind not in {Kind.ANY, known[one.name]}:
                    odd.setdefault((one.name, known[one.name]), row)
    for name, (row, names) in lacking.items():
        every = {known for kind in asked for known in kinds[kind.name]}
        yield text.finding(row.id, _lacking(row, name, names), f"{named_like(name, every)} or write - in this cell")
    for (name, kind), row in odd.items():
        spoken = next(one.domain.kind for one in text.table.inputs if one.name == name)
        message = f"row {row.id}: column `when {name}` speaks of {spoken}, the input is {kind}"
        yield text.finding(row.id, message, _remedy_for_kind(kind))


def _inputs_of_communications(kinds: Sequence[CommunicationKind], known: Known) -> Iterator[Finding]:
    """Prove the inputs of the tables that communications name themselves."""
    seen = {kind.name: input_kinds(kind.contract) for kind in kinds}
    for name, text in sorted(known.tables.items()):
        asking = [kind for kind in kinds if name in {kind.route, *kind.tables.values()}]
        if text is not None:
            yield from _inputs(seen, asking, text)


def _inputs_of_part(name: str, part: TableText, kinds: Sequence[CommunicationKind], known: Known) -> Iterator[Finding]:
    """Prove the inputs of what is understood of a table, by who asks it."""
    checks = [check for check, names in known.checks.tables.items() if name in names]
    asking = [kind for kind in kinds if checks or name in {kind.route, *kind.tables.values()}]
    of_checks = {one: kind for check in checks for one, kind in inputs_of(check).items()}
    yield from _inputs({kind.name: input_kinds(kind.contract) | of_checks for kind in asking}, asking, part)


def _lacking(row: Row, name: str, communications: Sequence[str]) -> str:
    names = [*dict.fromkeys(communications)]
    if len(names) == 1:
        return f"row {row.id}: communication {names[0]!r} has no input {name!r}"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    told = ", ".join(repr(one) for one in names[:_MOST_NAMED])
    return f"row {row.id}: communications {told}{more} have no input {name!r}"


def _asks_nothing(cell: Cell) -> bool:
    """Say whether a cell fits what is not there and speaks of no value."""
    return fits_value(cell, None) and not [*values_of(cell)]


def _remedy_for_kind(kind: Kind) -> str:
    if kind is Kind.TEXT:
        return 'put text that looks otherwise into "quotes", such as "10115" or "no"'
    return f"write values of the kind {kind}"


def _rows_for(kind: CommunicationKind, text: TableText) -> Sequence[Row]:
    """Return the rows whose fixed inputs fit this communication."""
    fixed: Mapping[str, str | bool] = {
        "communication": kind.name,
        "category": kind.category,
        "promotional": kind.promotional,
    }
    places = [
        (at, fixed[one.name])
        for at, one in enumerate(text.table.inputs)
        if one.name in CONSTANT_INPUTS and one.domain.kind is CONSTANT_INPUTS[one.name]
    ]
    return [row for row in text.table.rows if all(fits_value(row.when[at], value) for at, value in places)]


# ---------------------------------------------------------------------------- checks


def _checks(kinds: Sequence[CommunicationKind], known: Known) -> Iterator[Finding]:
    if known.checks.default is not None:
        for message, remedy in without_role(known.connections, known.checks.default, Role.CHANNEL):
            yield known.file.finding(("checks", "default"), message, remedy)
    elif Check.MUST_SEND in known.checks.tables:
        message = "`checks.default` is missing: what must be sent needs a way when nothing else is left"
        yield known.file.finding(("checks",), message, "name a connection, such as default: print")
    for check, names in known.checks.tables.items():
        for name in names:
            yield from _check(check, name, kinds, known)


def _check(check: Check, name: str, kinds: Sequence[CommunicationKind], known: Known) -> Iterator[Finding]:
    if name not in known.tables:
        place = ("checks", KEYS[check])
        yield known.file.finding(place, f"there is no table {name!r}", named_like(name, known.tables))
        return
    text = known.tables[name]
    if text is None:
        return
    for mistake in output_mistakes(check, text.table):
        yield text.finding(mistake.row, mistake.message, mistake.remedy)
    seen = {kind.name: {**input_kinds(kind.contract), **inputs_of(check)} for kind in kinds}
    yield from _inputs(seen, kinds, text)


def _home_country(known: Known) -> Iterator[Finding]:
    """Prove that the project says where it is at home if a table asks: no language tells which law holds."""
    asked = (text for name in sorted(tables_asked(known)) if (text := known.tables.get(name)) is not None)
    asking = next((text.table.name for text in asked if _JURISDICTION in text.table.input_names), None)
    said = known.file.content.get("sender") if isinstance(known.file.content, dict) else None
    if asking is not None and isinstance(said, dict) and "country" not in said:
        message = f"table {asking!r} asks for the jurisdiction, and `sender.country` is missing"
        remedy = "add it, such as country: DE: it counts where a customer's country is not known"
        yield known.file.finding(("sender",), message, remedy)


# ---------------------------------------------------------------------------- routes


def _route_cells(text: TableText, known: Known) -> Iterator[Finding]:
    if "route" not in text.table.output_names:
        yield text.finding(None, "there is no column `then route`", "add it: communications are routed by this table")
        return
    if text.table.hit is HitPolicy.COLLECT:
        yield text.finding(None, "the table collects rows, a route is one", "write another hit policy, such as first")
    for row in text.table.rows:
        try:
            outcome = proposal_of(row.said("route", ""))
        except ValueError as wrong:
            yield text.finding(row.id, f"row {row.id}: `then route` is not understood", str(wrong))
            continue
        if isinstance(outcome, Proposal):
            for message, remedy in _hops(outcome, known):
                yield text.finding(row.id, f"row {row.id}: {message}", remedy)


def _hops(proposal: Proposal, known: Known) -> Iterator[tuple[str, str]]:
    """Yield message and remedy for every hop that cannot be as it is written."""
    *_, last = proposal.hops
    for hop in proposal.hops:
        for connection in hop.choices:
            yield from without_role(known.connections, connection, Role.CHANNEL)
        media = {name: _medium_of(name, known) for name in hop.choices}
        for name in (name for name, medium in media.items() if hop.wait is not None and medium is Medium.PRINT):
            yield f"{name} prints: nobody reports that a letter was seen", "leave out its waiting time"
        for name in (name for name, medium in media.items() if hop.proof is not None and medium is not Medium.PRINT):
            yield f"{name} does not print: only the post gives a proof of mailing", "leave it out there"
        if hop is last and hop.wait is not None:
            yield "nothing comes after the last hop's waiting time", "leave it out, or write what comes then"


def _medium_of(connection: str, known: Known) -> Medium | None:
    found = known.connections.get(connection)
    if found is None or found.manifest is None or found.settings is None:
        return None
    return found.manifest.medium_of(found.settings)


def _proposal(row: Row) -> Proposal | None:
    try:
        outcome = proposal_of(row.said("route", ""))
    except ValueError:
        return None
    return outcome if isinstance(outcome, Proposal) else None


# ---------------------------------------------------------------------------- beside the plan


def _communication(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    if one.kind.route not in known.tables:
        yield one.file.finding(("route",), f"there is no table {one.kind.route!r}", _like(one.kind.route, known))
    for check, name in one.kind.tables.items():
        if name not in known.tables:
            yield one.file.finding(_PLACES[check], f"there is no table {name!r}", _like(name, known))
    for check, name in one.kind.tables.items():
        text = known.tables.get(name)
        if text is not None:
            yield from _OUTPUTS[check](text, known)
    route = known.tables.get(one.kind.route)
    if route is not None:
        yield from _releases_what_is_reviewed(one.kind, route)


_PLACES = {
    Check.REVIEW: ("review", "table"),
    Check.RETENTION: ("archive", "class", "table"),
    Check.PRINT: ("print", "table"),
}


def _releases_what_is_reviewed(kind: CommunicationKind, text: TableText) -> Iterator[Finding]:
    """Prove that no row lets go unread what the communication itself wants read."""
    if kind.review is None:
        return
    by = kind.review if isinstance(kind.review, str) else f"table {kind.review.table!r}"
    for row in _rows_for(kind, text):
        if row.said("review", LEFT_OPEN) == NO_REVIEW:
            message = f"row {row.id} releases at once what communication {kind.name!r} wants reviewed by {by}"
            yield text.finding(row.id, message, "write - in its `then review`, or none in the communication")


def _like(name: str, known: Known) -> str:
    return named_like(name, known.tables)


def _review_table(text: TableText, known: Known) -> Iterator[Finding]:
    yield from _one_answer(text, "review")
    yield from _roles(text, known)


def _retention_table(text: TableText, known: Known) -> Iterator[Finding]:
    yield from _one_answer(text, "class")
    for row in text.table.rows:
        said = row.said("class", LEFT_OPEN)
        if "class" in text.table.output_names and said not in known.record_classes:
            remedy = named_like(said, known.record_classes)
            yield text.finding(row.id, f"row {row.id}: there is no record class {said!r}", remedy)


def _print_table(text: TableText, _known: Known) -> Iterator[Finding]:
    yield from _one_answer(text, None)


_OUTPUTS = {Check.REVIEW: _review_table, Check.RETENTION: _retention_table, Check.PRINT: _print_table}


def _one_answer(text: TableText, output: str | None) -> Iterator[Finding]:
    """Prove that a table gives one answer, and says what it is asked for."""
    if output is not None and output not in text.table.output_names:
        yield text.finding(None, f"there is no column `then {output}`", "add it: communications ask this table for it")
    if text.table.hit is HitPolicy.COLLECT:
        yield text.finding(None, "the table collects rows, one is needed", "write another hit policy, such as first")


def _roles(text: TableText, known: Known) -> Iterator[Finding]:
    for row in text.table.rows:
        role = row.said("review", LEFT_OPEN)
        if role not in {LEFT_OPEN, NO_REVIEW, *known.roles}:
            remedy = named_like(role, {*known.roles, NO_REVIEW})
            yield text.finding(row.id, f"row {row.id}: nobody has the role {role!r}", remedy)
