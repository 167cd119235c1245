"""Who composes in the demo: the embedded composer, or Exstream as the sandbox plays it."""

import json
import re
from contextlib import ExitStack
from pathlib import Path

from xconnector.entrypoints.demo.composed_by import ComposedBy
from xconnector.entrypoints.demo.faults import WITHDRAWN, UnpublishedDesign, Withdrawal, WithdrawnTemplate
from xconnector.entrypoints.programs import sandbox

_FAULTS = {"drop_per_thousand": 3, "flows": 2, "token_lifetime": 20}
"""Engines that skip customers, submissions that start two flows, and tokens that run out again and again."""
_COMMUNICATION = re.compile(r"^communication: (\S+)", re.MULTILINE)
_COMPOSER = re.compile(r"(?<=composer: )composer\b")


class Composing:
    """The composer of one demo: its choice in the project, its sandbox, and the design that is withdrawn there."""

    def __init__(self, composer: ComposedBy, project: Path) -> None:
        self._composer = composer
        self._project = project
        self.withdrawal: Withdrawal = WithdrawnTemplate(project)

    def choose(self) -> None:
        """Have all communications of the project composed by it."""
        if self._composer is ComposedBy.EXSTREAM:
            for file in sorted((self._project / "communications").glob("*.yaml")):
                file.write_text(_COMPOSER.sub("exstream", file.read_text(encoding="utf-8")), encoding="utf-8")

    def start(self, outside: ExitStack, *, folder: Path, log: Path) -> dict[str, str]:
        """Start what it needs of the outside, and return what the project's environment says of it."""
        if self._composer is not ComposedBy.EXSTREAM:
            return {}
        exstream = outside.enter_context(
            sandbox(
                "exstream",
                *("--port", "0", "--project", str(self._project), "--output", str(folder)),
                *("--faults", json.dumps(_FAULTS)),
                log=log,
            )
        )
        address = f"http://127.0.0.1:{exstream.facts['port']}"
        self.withdrawal = UnpublishedDesign(address, _communication_id(self._project))
        return {
            "EXSTREAM_URL": address,
            "EXSTREAM_OUTPUT": str(folder),
            "EXSTREAM_SETTLED_AFTER": "300ms",
            "EXSTREAM_LOOK_EVERY": "1s",
        }


def _communication_id(project: Path) -> str:
    """Return what Exstream calls the design that is withdrawn."""
    design = project / "templates" / WITHDRAWN / "exstream.yaml"
    found = _COMMUNICATION.search(design.read_text(encoding="utf-8"))
    assert found is not None, f"{design} names no communication"
    return found[1]
