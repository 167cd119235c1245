"""What a template gets: the data of one communication, formatted for its reader, beside the raw values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from xconnector.domain.customer import Customer
from xconnector.project.data_contract import ContractError, DataContract, ListOf, Money, Scalar, ScalarKind
from xconnector.project.formats import Formats, formats_for
from xconnector.project.model import CommunicationKind, Project
from xconnector.project.postal import person_name, postal_lines, recipient_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """One communication as its reader will see it. Everything but language and title is customer content."""

    language: str
    title: str
    name: str = field(repr=False)
    address_lines: tuple[str, ...] = field(repr=False)
    """Postal address below the name."""
    data: Mapping[str, Any] = field(repr=False)
    """What the template gets; JSON types only."""


def present(
    project: Project,
    kind: CommunicationKind,
    *,
    communication_id: UUID,
    issued_at: datetime,
    customer: Customer,
    data: Mapping[str, Any],
) -> Presentation:
    """Prove mapped data against the communication's contract and make what its template gets.

    Raises ContractError naming every field that is missing or of another type.
    """
    return present_values(
        project,
        kind,
        communication_id=communication_id,
        issued_at=issued_at,
        customer=customer,
        values=kind.contract.read(data),
    )


def present_values(
    project: Project,
    kind: CommunicationKind,
    *,
    communication_id: UUID,
    issued_at: datetime,
    customer: Customer,
    values: Mapping[str, Any],
) -> Presentation:
    """Make what a template gets of data that the contract has read.

    Raises ContractError when nobody can be addressed.
    """
    fields = customer.fields
    name = recipient_name(fields)
    if not name:
        raise ContractError(["customer.last_name and customer.company are missing: nobody can be addressed"])
    language = language_of(project, kind, fields)
    formats = formats_for(language, project.locale.language, project.home_country)
    below_name = window_of(project, fields)
    title = title_of(project, kind, language)
    issued_on = day_of(issued_at, project.locale.timezone)
    content: dict[str, Any] = {
        "communication": {
            "id": str(communication_id),
            "name": kind.name,
            "title": title,
            "language": language,
            "date": {"value": issued_on.isoformat(), "text": formats.date(issued_on)},
        },
        "sender": project.sender,
        "customer": {
            **_names(customer.fields),
            "key": customer.customer_key,
            "name": name,
            "address_lines": [name, *below_name],
            "language": language,
            "country": str(fields.get("country") or project.home_country).upper(),
        },
        "data": _record(kind.contract, values, formats, project.locale.currency),
    }
    return Presentation(language=language, title=title, name=name, address_lines=below_name, data=content)


def sample_of(contract: DataContract, sender: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return data as a template gets it: every name that there is, with any value; each list has one item."""
    day = {"value": "", "text": ""}
    return {
        "communication": {"id": "", "name": "", "title": "", "language": "", "date": day},
        "sender": sender,
        "customer": {**_names({}), "key": "", "name": "", "address_lines": [""], "language": "", "country": ""},
        "data": {name: _sample(type_) for name, type_ in contract.fields.items()},
    }


def _sample(type_: Scalar | ListOf | DataContract) -> object:
    match type_:
        case ListOf(item=item):
            return [_sample(item)]
        case DataContract(fields=fields):
            return {name: _sample(inner) for name, inner in fields.items()}
        case Scalar(kind=ScalarKind.TEXT | ScalarKind.BOOL):
            return ""
        case Scalar():
            return {"value": "", "text": ""}


@lru_cache(maxsize=64)
def day_of(moment: datetime, timezone: str) -> date:
    """Return the day of a moment; the communications of a batch share it."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def language_of(project: Project, kind: CommunicationKind, customer_fields: Mapping[str, Any]) -> str:
    """Return the customer's language where the communication is made in it, else the project's."""
    wanted = str(customer_fields.get("language") or "").lower()[:2]
    return wanted if wanted in kind.title else project.locale.language


def window_of(project: Project, customer_fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what stands below the name in the window of an envelope."""
    home = formats_for(project.locale.language, project.locale.language, project.home_country)
    return postal_lines(customer_fields, project.home_country, home.country)


def title_of(project: Project, kind: CommunicationKind, language: str) -> str:
    """Return what a reader of the language calls the communication."""
    return kind.title.get(language) or kind.title[project.locale.language]


def _names(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": str(fields.get("title") or ""),
        "first_name": str(fields.get("first_name") or ""),
        "last_name": str(fields.get("last_name") or ""),
        "company": str(fields.get("company") or ""),
        "person": person_name(fields),
        "email": fields.get("email"),
        "mobile": fields.get("mobile"),
        "alternate_format": str(fields.get("alternate_format") or ""),
    }


def _record(contract: DataContract, values: Mapping[str, Any], formats: Formats, currency: str) -> dict[str, Any]:
    return {
        name: _scalar(type_, values[name], formats, currency)
        if isinstance(type_, Scalar)
        else _list(type_, values[name], formats, currency)
        for name, type_ in contract.fields.items()
    }


def _list(type_: ListOf, values: Sequence[Any], formats: Formats, currency: str) -> list[Any]:
    item = type_.item
    if isinstance(item, Scalar):
        return [_scalar(item, value, formats, currency) for value in values]
    return [_record(item, cast("Mapping[str, Any]", value), formats, currency) for value in values]


def _scalar(type_: Scalar, value: object, formats: Formats, currency: str) -> object:
    return None if value is None else _PRESENT[type_.kind](value, formats, currency)


def _as_it_is(value: object, _formats: Formats, _currency: str) -> object:
    return value


def _money(value: object, formats: Formats, currency: str) -> object:
    money = cast("Money", value)
    return {"value": float(money.amount), "text": formats.money(money.amount, money.currency or currency)}


def _number(value: object, formats: Formats, _currency: str) -> object:
    number = cast("Decimal", value)
    return {"value": float(number), "text": formats.number(number)}


def _integer(value: object, formats: Formats, _currency: str) -> object:
    number = cast("int", value)
    return {"value": number, "text": formats.number(Decimal(number))}


def _date(value: object, formats: Formats, _currency: str) -> object:
    day = cast("date", value)
    return {"value": day.isoformat(), "text": formats.date(day)}


_PRESENT: dict[ScalarKind, Callable[[object, Formats, str], object]] = {
    ScalarKind.TEXT: _as_it_is,
    ScalarKind.BOOL: _as_it_is,
    ScalarKind.MONEY: _money,
    ScalarKind.NUMBER: _number,
    ScalarKind.INTEGER: _integer,
    ScalarKind.DATE: _date,
}
