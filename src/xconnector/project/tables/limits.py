"""How large a table may be, whatever its form: what is over is refused before it costs time."""

MOST_BYTES = 1_000_000
"""Of a file."""

MOST_ROWS = 2_000
"""Of a part: rows, tests, inputs or outputs."""

MOST_COLUMNS = 200
"""Of a part."""

MOST_FINDINGS = 50
"""About a file that is not understood; of more, only their number is told."""

LONGEST_TEXT = 10_000
"""Signs in a cell, a setting, or a line of the prose: every form can keep so many in one piece."""
