"""The funnel of a run as one HTML page that needs nothing beside it."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xconnector.domain.funnel import FunnelLine
    from xconnector.operations.reporting import RunFunnel

_LEFT, _WIDTH, _ROW, _BAR = 170, 620, 46, 26
_PARTS = (
    ("further", "#2f6f8f"),
    ("there", "#4d9078"),
    ("on its way", "#9fb8c8"),
    ("unknown", "#e0a030"),
    ("lost", "#b5493f"),
)
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:900px;padding:0 1rem;color:#1c2b33}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d7dfe3}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;height:auto}"
)


def funnel_page(found: "RunFunnel") -> str:
    """Return the page; it holds nothing of a customer."""
    lines = found.funnel.lines
    name = escape(found.run.name)
    rows = "".join(_row(line) for line in lines)
    summary = f"{found.funnel.ordered:,} ordered, of which {found.funnel.unknown:,} unknown"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Funnel of {name}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{name}</h1><p>{summary}</p>{_drawing(lines)}"
        "<table><thead><tr><th>Step</th><th class=n>Reached</th><th>Of which came no further</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>\n"
    )


def _row(line: "FunnelLine") -> str:
    why = escape(", ".join(f"{number:,} {reason}" for reason, number in line.reasons.items()))
    return f"<tr><td>{escape(line.step)}</td><td class=n>{line.reached:,}</td><td>{why}</td></tr>"


def _drawing(lines: "list[FunnelLine]") -> str:
    most = max(lines[0].reached, 1)
    bars = "".join(_bar(line, index * _ROW, most) for index, line in enumerate(lines))
    height = len(lines) * _ROW + 40
    return (
        f'<svg viewBox="0 0 {_LEFT + _WIDTH + 90} {height}" role="img" aria-label="Funnel">'
        f'<g font-size="14">{bars}{_legend(len(lines) * _ROW + 16)}</g></svg>'
    )


def _bar(line: "FunnelLine", top: int, most: int) -> str:
    stayed = {"there": line.there, "on its way": line.on_its_way, "unknown": line.unknown, "lost": line.lost}
    numbers = {"further": line.reached - sum(stayed.values()), **stayed}
    left = float(_LEFT)
    drawn = [f'<text x="{_LEFT - 12}" y="{top + 18}" text-anchor="end">{escape(line.step)}</text>']
    for part, colour in _PARTS:
        width = numbers[part] * _WIDTH / most
        if width:
            drawn.append(
                f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="{colour}">'
                f"<title>{numbers[part]:,} {part}</title></rect>"
            )
        left += width
    drawn.append(f'<text x="{left + 8:.1f}" y="{top + 18}">{line.reached:,}</text>')
    return "".join(drawn)


def _legend(top: int) -> str:
    drawn = [
        f'<rect x="{_LEFT + index * 120}" y="{top}" width="14" height="14" fill="{colour}"/>'
        f'<text x="{_LEFT + index * 120 + 20}" y="{top + 12}">{"came further" if part == "further" else part}</text>'
        for index, (part, colour) in enumerate(_PARTS)
    ]
    return "".join(drawn)
