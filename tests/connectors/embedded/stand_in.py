"""A project with one template for everything: the embedded composer has no outside system."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template
from xconnector.testing.conformance import not_applicable


class EmbeddedStandIn:
    def __init__(self, project_folder: Path) -> None:
        self._project_folder = project_folder

    @property
    def settings(self) -> Mapping[str, object]:
        return {"processes": 2}

    @property
    def template(self) -> str:
        return "policy_issued"

    async def go_down(self) -> None:
        not_applicable("it composes on this machine: there is no outside that could be down")

    async def misconfigure(self) -> None:
        template = self._project_folder / "templates" / "policy_issued" / "letter.typ"
        template.write_text('#import "@preview/cetz:0.3.0"\n' + template.read_text("utf-8"), "utf-8")


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[EmbeddedStandIn]:
    write_sample_template(project_folder, "policy_issued")
    yield EmbeddedStandIn(project_folder)
