"""What the stand-in has seen: requests by path, and submissions with their customers."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_MOST_PATHS = 2_000
_MOST_SUBMISSIONS = 5_000


@dataclass(slots=True, kw_only=True)
class SeenSubmission:
    """A driver that came to be composed as one job."""

    service: str
    """`batch`, `engine_service`, and so on."""
    channel: str
    sha256: str
    """Of the driver, as it came."""
    customers: int = 0
    composed: int = 0
    dropped: int = 0
    failed: int = 0


class Seen:
    """Counts what came; the latest of everything is kept, older things go."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._submissions: deque[SeenSubmission] = deque(maxlen=_MOST_SUBMISSIONS)
        self._most_at_once = 0

    def request(self, method: str, path: str) -> None:
        line = f"{method} {path}"
        if line in self._requests or len(self._requests) < _MOST_PATHS:
            self._requests[line] += 1

    def submission(self, *, service: str, channel: str, sha256: str) -> SeenSubmission:
        """Put down a submission, and return it so that its counts can follow."""
        seen = SeenSubmission(service=service, channel=channel, sha256=sha256)
        self._submissions.append(seen)
        return seen

    def engines(self, at_once: int) -> None:
        self._most_at_once = max(self._most_at_once, at_once)

    def clear(self) -> None:
        self._requests.clear()
        self._submissions.clear()
        self._most_at_once = 0

    def told(self) -> Mapping[str, Any]:
        """Return all of it as JSON types; `duplicates` are drivers that came more than once, by their SHA-256."""
        times = Counter(one.sha256 for one in self._submissions)
        return {
            "requests": dict(self._requests),
            "submissions": [asdict(one) for one in self._submissions],
            "duplicates": {digest: count for digest, count in times.items() if count > 1},
            "most_engines_at_once": self._most_at_once,
        }
