"""The deliberate faults of the demo that are made while it runs; those in the data are made by `population.py`."""

import json
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import httpx

WITHDRAWN = "service_changed"
"""The template that somebody takes away while events for it are on their way."""


def reject_next_bundle(house: Path) -> None:
    """Tell the print house to reject the next bundle it gets."""
    (house / "control.json").write_text(json.dumps({"reject_next": 1}), encoding="utf-8")


class Withdrawal(ABC):
    """A template that is taken away after the project was checked, as somebody might on a Friday evening."""

    told: str
    """What somebody did."""

    @abstractmethod
    def begin(self) -> None:
        """Take it away."""

    @abstractmethod
    def end(self) -> None:
        """Put it back."""


@dataclass(frozen=True, slots=True)
class WithdrawnTemplate(Withdrawal):
    """A template's folder that is moved away."""

    project: Path
    told: str = "a template is withdrawn"

    def begin(self) -> None:
        shutil.move(self.project / "templates" / WITHDRAWN, self.project / f"{WITHDRAWN}.withdrawn")

    def end(self) -> None:
        shutil.move(self.project / f"{WITHDRAWN}.withdrawn", self.project / "templates" / WITHDRAWN)


@dataclass(frozen=True, slots=True)
class UnpublishedDesign(Withdrawal):
    """A design of Exstream that is in no published flow model any more."""

    exstream: str
    """Address of the sandbox's Exstream."""
    communication: str
    """Its id there."""
    told: str = "a design is no longer published in Exstream, whose engines skip three customers in every thousand"

    def begin(self) -> None:
        self._publish_all_but(self.communication)

    def end(self) -> None:
        self._publish_all_but()

    def _publish_all_but(self, *unpublished: str) -> None:
        httpx.post(f"{self.exstream}/sandbox/faults", json={"unpublished": unpublished}).raise_for_status()
