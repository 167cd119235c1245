"""What templates may ask for, filled up: what a driver leaves out is null."""

from collections.abc import Mapping
from typing import Any, cast

_ENVELOPE: Mapping[str, Mapping[str, Any]] = {
    "communication": {"id": None, "name": None, "title": None, "language": None, "date": None},
    "sender": {"name": None, "address_lines": [], "email": None, "phone": None, "website": None},
    "customer": {
        "key": None,
        "name": None,
        "title": None,
        "first_name": None,
        "last_name": None,
        "company": None,
        "person": None,
        "address_lines": [],
        "language": None,
        "country": None,
        "email": None,
        "mobile": None,
        "alternate_format": None,
    },
}
_WITH_TEXT = {"money", "number", "integer", "date"}
_NUMBERS = {"money": float, "number": float, "integer": int}


def whole(data: Mapping[str, Any], *, contract: Mapping[str, Any], sender: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customer's data with all that templates may ask for.

    `contract` is the communication's own, as the project spells it; `sender` stands where the driver names none.
    """
    filled: dict[str, Any] = dict(data)
    for name, fields in {**_ENVELOPE, "sender": {**_ENVELOPE["sender"], **sender}}.items():
        filled[name] = _merged(fields, data.get(name))
    filled["communication"]["language"] = str(filled["communication"]["language"] or "en")
    filled["communication"]["date"] = _spelled("date", filled["communication"]["date"])
    filled["data"] = _record(contract, data.get("data"))
    return filled


def _merged(fields: Mapping[str, Any], given: object) -> dict[str, Any]:
    told = cast("Mapping[str, Any]", given if isinstance(given, dict) else {})
    found = {**fields, **{name: value for name, value in told.items() if value is not None or name not in fields}}
    # XML does not tell a single element from a list.
    return {
        name: [value] if isinstance(fields.get(name), list) and not isinstance(value, list) else value
        for name, value in found.items()
    }


def _record(contract: Mapping[str, Any], given: object) -> dict[str, Any]:
    told: dict[str, Any] = dict(cast("Mapping[str, Any]", given)) if isinstance(given, dict) else {}
    return {**told, **{name: _field(spelled, told.get(name)) for name, spelled in contract.items()}}


def _field(spelled: object, given: object) -> object:
    if not isinstance(spelled, list):
        return _spelled(str(spelled).removesuffix("?").strip(), given)
    (item,) = cast("list[object]", spelled)
    items = cast("list[object]", given if isinstance(given, list) else [] if given is None else [given])
    if isinstance(item, dict):
        return [_record(cast("Mapping[str, Any]", item), one) for one in items]
    return [_field(item, one) for one in items]


def _spelled(kind: str, given: object) -> object:
    """Return a single value; one that has a text beside it gets both, as far as either is there."""
    if kind == "bool":
        return {"true": True, "false": False}.get(str(given).lower(), given)
    if kind not in _WITH_TEXT or given is None:
        return given
    told = dict(cast("Mapping[str, Any]", given)) if isinstance(given, dict) else {"value": given}
    value, text = told.get("value"), told.get("text")
    if value is None and text is None:
        return None
    text = str(value) if text is None else text
    return {**told, "value": _number(kind, value), "text": text}


def _number(kind: str, value: object) -> object:
    try:
        return _NUMBERS[kind](value) if kind in _NUMBERS and isinstance(value, str) else value
    except ValueError:
        return value
