"""The description of the API is true: whatever is made up after it gets an answer that it describes."""

import asyncio
import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.entrypoints.web.site import Site
from xconnector.domain.keys import Purpose

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# Its types are partly unknown.
SCHEMATHESIS: Any = importlib.import_module("schemathesis")
CHECKS: Any = importlib.import_module("schemathesis.specs.openapi.checks")
ANSWERS = [
    importlib.import_module("schemathesis.checks").not_a_server_error,
    CHECKS.status_code_conformance,
    CHECKS.content_type_conformance,
    CHECKS.response_headers_conformance,
    CHECKS.response_schema_conformance,
    CHECKS.unsupported_method,
]
EXAMPLES = 40


@SCHEMATHESIS.serializer("application/pdf")
def as_it_is(_: object, value: object) -> bytes:
    """What is made up for a document goes over the wire as its bytes."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


async def test_every_answer_is_one_that_the_description_tells_of(site: Site) -> None:
    await asyncio.to_thread(_try_everything, site, {})


async def test_with_a_key_too(site: Site) -> None:
    for purpose in Purpose:
        await asyncio.to_thread(_try_everything, site, site.bearing(purpose))


async def test_the_description_asks_for_keys_where_they_are_needed(site: Site) -> None:
    description = (await site.client.get("/openapi.json")).json()
    guarded = {
        (path, method): [*called["security"][0]]
        for path, methods in description["paths"].items()
        for method, called in methods.items()
        if "security" in called
    }
    assert guarded == {
        ("/communications/{communication_id}/decision", "get"): ["decisions key"],
        ("/communications/{communication_id}/delivery", "get"): ["decisions key"],
        ("/customers/{customer_key}/devices/{connection}", "put"): ["devices key"],
        ("/customers/{customer_key}/devices/{connection}/{device_id}", "delete"): ["devices key"],
        ("/events", "post"): ["events key"],
        ("/portal/documents", "get"): ["portal key"],
        ("/portal/documents/{dispatch_key}", "delete"): ["portal key"],
        ("/portal/documents/{dispatch_key}", "put"): ["portal key"],
        ("/portal/links", "post"): ["portal key"],
        ("/reports/{connection}", "post"): ["reports key"],
    }


def _try_everything(site: Site, headers: dict[str, str]) -> None:
    for operation in _operations(site):
        _try_operation(operation, headers)


def _operations(site: Site) -> Iterator[Any]:
    schema = SCHEMATHESIS.openapi.from_url(f"{site.address}/openapi.json")
    for found in schema.get_all_operations():
        yield found.ok()


def _try_operation(operation: Any, headers: dict[str, str]) -> None:  # noqa: ANN401 - see above
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    def try_one(case: Any) -> None:  # noqa: ANN401 - see above
        case.call_and_validate(headers=headers, checks=ANSWERS)

    try_one()
