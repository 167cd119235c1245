"""Policies of then, put together again from what is kept of them."""

import json
from collections.abc import Iterable, Iterator, Mapping
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
    told = _object(json.loads(content))
    checks, media = _object(told.get("checks")), _object(told.get("media"))
    lists_are_right = all(
        isinstance(digests, list) and _are_texts(cast("list[object]", digests)) for digests in checks.values()
    )
    default_is_right = told.get("default", "") is None or isinstance(told.get("default"), str)
    if isinstance(told.get("route"), str) and lists_are_right and _are_texts(media.values()) and default_is_right:
        return cast("_Content", told)
    raise _no_policy()


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _no_policy()
    return cast("dict[str, object]", value)


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(one, str) for one in values)


def _no_policy() -> ValueError:
    return ValueError("this is not the content of a policy")
