"""Tables from the text of a file, proven at once."""

from xconnector.project.findings import Finding
from xconnector.project.tables.checking import faults
from xconnector.project.tables.files import understood
from xconnector.project.tables.text import TableText


def parse_table(name: str, file: str, content: bytes, *, form: str = ".md") -> tuple[TableText | None, list[Finding]]:
    """Return the table that a content says, with everything that is wrong with it; None where it cannot be read."""
    text, findings = understood(name, file, content, form=form)
    return text, findings if text is None else [*findings, *faults(text)]
