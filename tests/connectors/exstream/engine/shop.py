"""A shop that has the engine installed, for the tests of its connector."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.connectors.exstream_engine.stand_in import DESIGN, TEMPLATE, engine_settings, write_design
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.engine.composer import EngineComposer
from xconnector.connectors.exstream.engine.settings import EngineSettings
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.submission import Made, Repeat, Submission, SubmissionOutcome, Underway
from xconnector.sandbox.exstream.engine import FAULTS
from xconnector.sandbox.exstream.engine_installation import EngineInstallation, install_engine
from xconnector.testing.orders import sample_order


@dataclass(slots=True, kw_only=True)
class Shop:
    """A project, and its engine."""

    folder: Path
    installation: EngineInstallation
    design: Mapping[str, object] = field(default_factory=lambda: DESIGN)

    def composer(self, faults: Mapping[str, object] | None = None, **settings: object) -> EngineComposer:
        """Return a composer whose engine misbehaves like this."""
        return EngineComposer(
            EngineSettings.model_validate(self.settings(faults, **settings)),
            Surroundings(
                project_folder=self.folder,
                state_folder=self.folder / "var",
                designs={TEMPLATE: ExstreamDesign.model_validate(dict(self.design))},
            ),
        )

    def settings(self, faults: Mapping[str, object] | None = None, **settings: object) -> dict[str, Any]:
        own: dict[str, object] = {"look_again_after": "100ms", "work_folder": str(self.runs)}
        if faults:
            own["environment"] = {FAULTS: json.dumps(faults)}
        return engine_settings(self.installation, **{**own, **settings})

    @property
    def runs(self) -> Path:
        """The work folder."""
        return self.folder / "runs"

    def becomes(self, script: str) -> None:
        """Let the engine be a shell script."""
        self.installation.program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")


def open_shop(folder: Path, **design: object) -> Shop:
    """Return a shop whose one design differs from the usual one like this."""
    whole = {**DESIGN, **design}
    write_design(folder, whole)
    (folder / "runs").mkdir(mode=0o700, exist_ok=True)
    return Shop(folder=folder, installation=install_engine(folder / "engine", folder), design=whole)


def orders_of(numbers: Sequence[int]) -> list[Order]:
    return [sample_order(number, template=TEMPLATE) for number in numbers]


def key_of(number: int) -> str:
    """By which the result of an order comes."""
    return str(sample_order(number, template=TEMPLATE).communication_id)


def submission_of(key: str, orders: Sequence[Order], repeats: Repeat | None = None) -> Submission:
    return Submission(
        submission_key=key,
        template=TEMPLATE,
        orders=len(orders),
        created_at=datetime.now(UTC),
        run="november",
        repeats=repeats,
    )


async def stream_of(orders: Sequence[Order]) -> AsyncIterator[Order]:
    for order in orders:
        yield order


async def outcome_of(composer: EngineComposer, submission: Submission, reference: str) -> SubmissionOutcome:
    """Look until the run has ended."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = await composer.look(submission, reference)
        if not isinstance(found, Underway):
            return found
        await asyncio.sleep(found.look_again_after.total_seconds())
    raise AssertionError("the run does not end")


async def results_of(outcome: SubmissionOutcome) -> dict[str | int, Composition | ConnectorError]:
    """Return what was made, by key."""
    made: list[Made] = [one async for one in outcome.made]
    assert len({one.key for one in made}) == len(made)
    return {one.key: one.result for one in made}
