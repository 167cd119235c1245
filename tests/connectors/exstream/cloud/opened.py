"""The connection to a running stand-in, with the sections that a test wants."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.connectors.exstream.sandbox_program import SAMPLE_DESIGN, SandboxProgram
from tests.connectors.exstream.stand_in import TEMPLATE, ExstreamStandIn
from xconnector.connectors.exstream.cloud.composer import ExstreamComposer
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.manifest import Surroundings
from xconnector.testing.orders import sample_order


def settings_of(program: SandboxProgram, **sections: Any) -> CloudSettings:  # noqa: ANN401
    return CloudSettings.model_validate({**ExstreamStandIn(program).settings, **sections})


def design_section(program: SandboxProgram, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"url": f"{program.url}/design/api/v1", **settings}


def empower_section(program: SandboxProgram, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"url": f"{program.url}/empower/api/v1", "tenant": "acme", **settings}


@asynccontextmanager
async def connection(
    program: SandboxProgram,
    *,
    said: Mapping[str, Any] | None = None,
    **sections: Any,  # noqa: ANN401
) -> AsyncGenerator[ExstreamComposer]:
    """Open a connection whose one template stands for the sample design; `said` changes what its design file says."""
    known = {key: value for key, value in {**SAMPLE_DESIGN, **(said or {})}.items() if value is not None}
    surroundings = Surroundings(
        project_folder=Path("/nowhere"),
        state_folder=Path("/nowhere"),
        designs={TEMPLATE: ExstreamDesign.model_validate(known)},
    )
    async with ExstreamComposer(settings_of(program, **sections), surroundings) as composer:
        yield composer


async def set_state(program: SandboxProgram, state: str) -> None:
    """Put the sample design into a state, as its designers would."""
    await tell(program, f"designs/{TEMPLATE}/state", {"state": state})


async def tell(program: SandboxProgram, door: str, told: Mapping[str, object]) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{program.url}/sandbox/{door}", json=told)).raise_for_status()


__all__ = [
    "TEMPLATE",
    "connection",
    "design_section",
    "empower_section",
    "sample_order",
    "set_state",
    "settings_of",
    "tell",
]
