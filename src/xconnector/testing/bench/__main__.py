"""`python -m xconnector.testing.bench`: measure everything or some parts; a table, or one line of JSON."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from xconnector.testing.bench.measured import Figure
from xconnector.testing.bench.parts import PARTS, Size


def main() -> None:
    """Measure on a server whose databases may be made and dropped."""
    parser = argparse.ArgumentParser(prog="xconnector bench", description=__doc__)
    parser.add_argument("--server-url", required=True)
    parser.add_argument("--records", type=int, default=Size().records)
    parser.add_argument("--rounds", type=int, default=Size().rounds)
    parser.add_argument("--part", action="append", choices=sorted(PARTS))
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    size = Size(records=told.records, rounds=told.rounds)
    found: dict[str, Sequence[Figure]] = {}
    for name in told.part or PARTS:
        sys.stderr.write(f"measuring {name} …\n")
        found[name] = PARTS[name](told.server_url, size)
    sys.stdout.write(_as_json(found, size) if told.json else _as_table(found, size))


def _as_json(found: Mapping[str, Sequence[Figure]], size: Size) -> str:
    figures = {name: [asdict(figure) for figure in part] for name, part in found.items()}
    return json.dumps({**asdict(size), "load_average": os.getloadavg(), "parts": figures}) + "\n"


def _as_table(found: Mapping[str, Sequence[Figure]], size: Size) -> str:
    lines = [f"{size.records:,} records a run, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"]
    for name, part in found.items():
        lines += ["", name, *map(_line, part)]
    return "\n".join([*lines, ""])


def _line(figure: Figure) -> str:
    value = f"{figure.value:,.0f}" if figure.value >= 1000 else f"{figure.value:,.3f}"
    return f"  {figure.name:<48} {value:>10} {figure.unit:<4} {figure.goal}".rstrip()


if __name__ == "__main__":
    main()
