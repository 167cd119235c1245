"""What can be the value of a customer's field, and its one form: asked where a person types it."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import cast

from xconnector.domain.customer import POSTAL_FIELDS
from xconnector.domain.routing.windows import window_beside
from xconnector.domain.survivorship import ADDRESS
from xconnector.domain.yes_or_no import yes_or_no
from xconnector.project.contact_forms import country_code, email_address, phone_number
from xconnector.project.customer_fields import is_golden_field
from xconnector.project.formats import is_language

_LONGEST = 1000
"""Characters of a text."""
_OLDEST = 150
"""Years: nobody was born or has died before."""


class GoldenValueError(ValueError):
    """The value cannot be that of its field; the message says what to write, and shows nothing of it."""


def golden_value(name: str, value: object, *, today: date) -> object:
    """Return the value of a field in its one form.

    What the golden record does not know, a project's own field, is taken as it is.

    Raises GoldenValueError.
    """
    if name == ADDRESS:
        return _address(value)
    if not is_golden_field(name):
        return value
    if name in _DAYS:
        return _day(name, _text(name, value), today)
    read = _READ.get(name)
    if read is None:
        return _text(name, value)
    remedy, form = read
    found = form(str(value) if isinstance(value, bool) else _text(name, value))
    if found is None:
        raise GoldenValueError(f"{name} must be {remedy}")
    return found


_DAYS = frozenset({"birth_date", "deceased_on"})


def _language(text: str) -> str | None:
    code = text.lower()
    return code if is_language(code) else None


def _quiet_hours(text: str) -> str | None:
    return None if window_beside(text) is None else text


_READ: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "email": ("an e-mail address such as anna@example.com", email_address),
    "mobile": (
        "a telephone number with its country in front, such as +49 151 23456789",
        lambda text: phone_number(text, None),
    ),
    "language": ("a language's code such as de, en or fr", _language),
    "quiet_hours": ("two times such as 21:00-08:00", _quiet_hours),
    "portal_account": ("yes or no", yes_or_no),
}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise GoldenValueError(f"{name} must be text")
    if len(value) > _LONGEST or "\0" in value:
        raise GoldenValueError(f"{name} must have at most {_LONGEST} signs and no zero byte")
    return value.strip()


def _day(name: str, text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise GoldenValueError(f"{name} must be a day such as 1990-12-31") from None
    # Somewhere it is tomorrow already.
    if not today.year - _OLDEST <= day.year or day > today + timedelta(days=1):
        raise GoldenValueError(f"{name} must be a day of the last {_OLDEST} years, not one to come")
    return day.isoformat()


def _address(value: object) -> Mapping[str, object]:
    parts = cast("dict[str, object]", value) if isinstance(value, dict) else dict[str, object]()
    given = parts.get("address_lines", [])
    lines = cast("list[object]", given) if isinstance(given, list) else [None]
    others = {name: part for name, part in parts.items() if name != "address_lines"}
    if not parts or parts.keys() - {*POSTAL_FIELDS} or not all(isinstance(one, str) for one in lines):
        raise GoldenValueError(_ADDRESS)
    if not all(isinstance(part, str) for part in others.values()):
        raise GoldenValueError(_ADDRESS)
    read = {name: _text(name, part) for name, part in others.items()}
    if read.get("country"):
        code = country_code(read["country"])
        if code is None:
            raise GoldenValueError("country must be a country's code such as DE or CH, or its English name")
        read["country"] = code
    return {**read, **({"address_lines": [_text("address_lines", line) for line in lines]} if lines else {})}


_ADDRESS = f"an address is a JSON object of {', '.join(POSTAL_FIELDS)}: the lines a list of text, the others text"
