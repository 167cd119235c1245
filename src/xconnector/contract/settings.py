"""Settings of a connection: one model that is parser, lint, schema and documentation."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(spelled: object) -> object:
    if not isinstance(spelled, str):
        return spelled
    found = _DURATION.fullmatch(spelled.strip())
    if found is None:
        raise ValueError("write a duration such as 30s, 5m, 2h or 1d")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=str | float)]
"""A time span as people write it: `30s`, `5m`, `2h`, `1d`; a plain number is seconds."""


class ConnectorSettings(BaseModel):
    """Base of every connector's settings: unknown keys are refused, nothing changes afterwards.

    The docstring under each field is its documentation; secrets are `SecretStr`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
