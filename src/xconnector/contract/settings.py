"""Settings of a connection: one model that is parser, lint, schema and documentation."""

from pydantic import BaseModel, ConfigDict


class ConnectorSettings(BaseModel):
    """Base of every connector's settings: unknown keys are refused, nothing changes afterwards.

    The docstring under each field is its documentation; secrets are `SecretStr`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
