"""What is wrong with a value of a file, in words of people who write such files, not of the library that found it."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from xconnector.domain.counted import counted

_OWN = "Value error, "


def told(detail: ErrorDetails) -> str:
    """Return what is wrong, without the value: `must be a whole number`."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _PLAIN:
        return f"must be {_PLAIN[kind]}"
    if kind in _WITH:
        return _WITH[kind](context)
    said = detail["msg"].removeprefix(_OWN)
    said = said.replace("Input should", "must").replace("String should", "must")
    return f"{said[:1].lower()}{said[1:]}"


_LIST = "a list, such as [one, another]"
_BLOCK = "keys with values below it"
_PLAIN: Mapping[str, str] = {
    "string_type": "text, in quotes where it looks like a number",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing", "finite_number"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), _BLOCK),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "a day such as 2026-12-31",
    ),
    **dict.fromkeys(("time_type", "time_parsing"), "a time of day such as 08:30"),
    **dict.fromkeys(("datetime_type", "datetime_parsing"), "a time such as 2026-12-31T08:30:00Z"),
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), "a length of time"),
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation", "url_scheme"), "an address such as https://…"),
}


def _count(context: Mapping[str, Any], key: str) -> str:
    return counted(int(context[key]), "entry", "entries")


_WITH: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "greater_than": lambda context: f"must be more than {context['gt']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "less_than": lambda context: f"must be less than {context['lt']}",
    "too_short": lambda context: f"must have at least {_count(context, 'min_length')}",
    "too_long": lambda context: f"must have at most {_count(context, 'max_length')}",
    "string_too_short": lambda context: f"must have at least {counted(int(context['min_length']), 'sign')}",
    "string_too_long": lambda context: f"must have at most {counted(int(context['max_length']), 'sign')}",
    "string_pattern_mismatch": lambda context: f"is not written as it has to be (pattern {context['pattern']})",
    "literal_error": lambda context: f"must be {context['expected']}",
    "enum": lambda context: f"must be {context['expected']}",
    "union_tag_invalid": lambda context: f"{context['discriminator']} must be one of {context['expected_tags']}",
    "union_tag_not_found": lambda context: f"must say {context['discriminator']}",
}
