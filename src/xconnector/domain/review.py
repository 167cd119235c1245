"""Reviews: a person looks at exactly these bytes and says whether they may leave."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Decision(StrEnum):
    """What a reviewer can say."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A reviewer's word on one document, bound to its digest."""

    document_sha256: str
    decision: Decision
    person: str
    reason: str
    decided_at: datetime


def releases(verdict: Verdict, document_sha256: str) -> bool:
    """Say whether the verdict releases this document: only an approval of the very same bytes does."""
    return verdict.decision is Decision.APPROVED and verdict.document_sha256 == document_sha256
