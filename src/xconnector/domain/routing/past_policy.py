"""Policies of then, put together again from what is kept of them."""

import json
from collections.abc import Iterator, Mapping
from typing import TypedDict, cast

from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check, DeliveryPolicy


def tables_named_by(content: str) -> Iterator[str]:
    """Yield the digests of the tables that a policy's content names.

    Raises ValueError when it is not the content of a policy.
    """
    told = _told(content)
    yield told["route"]
    for digests in told["checks"].values():
        yield from digests


def read_policy(content: str, tables: Mapping[str, DecisionTable]) -> DeliveryPolicy:
    """Return the policy with this content (`DeliveryPolicy.content`), by its tables' digests.

    Raises KeyError when a table is not there, ValueError when it is not the content of a policy.
    """
    told = _told(content)
    return DeliveryPolicy(
        route=tables[told["route"]],
        checks={Check(check): tuple(tables[digest] for digest in digests) for check, digests in told["checks"].items()},
        media={connection: Medium(medium) for connection, medium in told["media"].items()},
        default=told["default"],
    )


class _Content(TypedDict):
    route: str
    checks: dict[str, list[str]]
    media: dict[str, str]
    default: str | None


def _told(content: str) -> _Content:
    match json.loads(content):
        case {"route": str(), "checks": dict(checks), "media": dict(media), "default": str() | None} as told if all(
            _are_texts(digests) for digests in checks.values()
        ) and _are_texts([*media.values()]):
            return cast("_Content", told)
        case _:
            raise ValueError("this is not the content of a policy")


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(one, str) for one in cast("list[object]", values))
