"""Packages of resources that were taken in, and what becomes of one that comes again."""

import json
from collections import OrderedDict
from typing import Any, cast
from uuid import uuid4

from xconnector.sandbox.exstream.bodies import UnfitBodyError

_POLICIES = ("ERROR", "REPLACE", "SKIP", "AUTO_RENAME")
_MOST_KEPT = 1_000


def policy_of(conflict_settings: bytes) -> str:
    """Return the policy that an import's settings name. Raises UnfitBodyError."""
    try:
        told = cast("object", json.loads(conflict_settings))
    except ValueError:
        raise UnfitBodyError("conflictSettings is no JSON") from None
    match told:
        case {"policies": {"generalPolicy": str(policy)}}:
            if policy not in _POLICIES:
                raise UnfitBodyError(f"generalPolicy is one of {', '.join(_POLICIES)}")
            return policy
        case _:
            return "ERROR"


class Imports:
    """The packages by their digests."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def __contains__(self, digest: str) -> bool:
        return digest in self._kept

    def take_in(self, digest: str, name: str, *, policy: str, commit: bool) -> dict[str, Any]:
        """Return what an import tells of its resources; without `commit` it only says what would become of them."""
        before = self._kept.get(digest)
        found = before or {"id": str(uuid4()), "name": name, "type": "exstrapplication", "version": 1, "state": "DRAFT"}
        if commit:
            self._kept[digest] = {**found, "version": found["version"] + (before is not None and policy == "REPLACE")}
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        conflict = {**found, "userSelectedAction": policy, "performedAction": policy if commit else None}
        return {
            "importedResources": [] if before is not None and policy == "SKIP" else [found],
            "ignoredResources": [found] if before is not None and policy == "SKIP" else [],
            "conflictedResources": [conflict] if before is not None else [],
            "existingResources": [found] if before is not None else [],
        }
