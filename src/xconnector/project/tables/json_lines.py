"""On which line of a JSON text each key and each item of a list stands."""

import json
import re
from collections.abc import Iterator, Mapping

from xconnector.project.yaml_file import Place

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|\n|[^\s{}\[\],:"]+')


def lines_of(text: str) -> Mapping[Place, int]:
    """Return the line of each key and item by the way that leads to it; the text is JSON."""
    return dict(_places(text))


def line_of_repeated_key(text: str) -> int:
    """Return the line of the first key that its object has already; the text is JSON up to there, and has one."""
    seen: set[Place] = set()
    for place, line in _places(text):
        if place in seen:
            return line
        seen.add(place)
    return 1


def _places(text: str) -> Iterator[tuple[Place, int]]:
    """Yield each key and each item where it begins."""
    way: list[str | int] = []
    line = 1
    awaits_key = False
    for found in _TOKEN.finditer(text):
        sign = found[0]
        if sign == "\n":
            line += 1
        elif sign in {"}", "]"}:
            way.pop()
            awaits_key = False
        elif sign == ",":
            last = way[-1]
            awaits_key = isinstance(last, str)
            if isinstance(last, int):
                way[-1] = last + 1
        elif awaits_key:
            way[-1] = str(json.loads(sign))
            awaits_key = False
            yield (*way,), line
        else:
            if way and isinstance(way[-1], int):
                yield (*way,), line
            if sign in {"{", "["}:
                way.append("" if sign == "{" else 0)
                awaits_key = sign == "{"
