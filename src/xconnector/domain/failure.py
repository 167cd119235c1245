"""Failures: what stopped a communication, grouped so that one cause is one line."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """Who can mend it."""

    INPUT = "input"
    """The record or its data is wrong: mend it at the source."""
    PROJECT = "project"
    """Template, table or setting is wrong: mend the project."""
    REFUSED = "refused"
    """An outside system will not take it."""
    OUTAGE = "outage"
    """An outside system did not answer in all its attempts."""
    UNKNOWN_OUTCOME = "unknown_outcome"
    """It may have left; a person or the channel must say."""
    DEFECT = "defect"
    """xConnector itself broke."""


class Settlement(StrEnum):
    """What was found out of a hand-over whose outcome was unknown."""

    ARRIVED = "arrived"
    NOT_ARRIVED = "not-arrived"


_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{16,}\b|\d+|'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a communication stopped, in words that tell an operator what to do."""

    stage: str
    kind: FailureKind
    reason: str

    @property
    def fingerprint(self) -> str:
        """A short hash of stage, kind and reason without numbers, ids and quoted names: one cause, one group."""
        pattern = _VARYING.sub("#", self.reason)
        return hashlib.sha256(f"{self.stage}|{self.kind}|{pattern}".encode()).hexdigest()[:12]
