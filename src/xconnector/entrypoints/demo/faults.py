"""The deliberate faults of the demo that are made while it runs; those in the data are made by `population.py`."""

import json
import shutil
from pathlib import Path

WITHDRAWN = "service_changed"
"""The template that somebody takes away while events for it are on their way."""


def reject_next_bundle(house: Path) -> None:
    """Tell the print house to reject the next bundle it gets."""
    (house / "control.json").write_text(json.dumps({"reject_next": 1}), encoding="utf-8")


def withdraw_template(project: Path) -> None:
    """Take a template away after the project was checked, as somebody might on a Friday evening."""
    shutil.move(project / "templates" / WITHDRAWN, project / f"{WITHDRAWN}.withdrawn")


def put_template_back(project: Path) -> None:
    """Put the template back."""
    shutil.move(project / f"{WITHDRAWN}.withdrawn", project / "templates" / WITHDRAWN)
