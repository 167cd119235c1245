"""The same service, spoken to by MTOM, with a stamped token: what comes back travels beside the envelope too."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.exstream.sandbox_program import running_exstream
from tests.connectors.exstream_engine_service.stand_in import (
    DESIGN,
    EngineServiceStandIn,
    token_of,
    write_design,
)


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[EngineServiceStandIn]:
    write_design(project_folder, DESIGN)
    async with running_exstream(project_folder, project_folder / "exstream-output") as program:
        await program.misbehave(ews_token=True)
        yield EngineServiceStandIn(program, mtom=True, token={**token_of(program), "stamped": True})
