"""Running a verb: opening the project, and turning known errors into words and exit code 2."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from xconnector.entrypoints.cli.showing import show_times_in

if TYPE_CHECKING:
    from xconnector.postgres.connect import Pool

T = TypeVar("T")

ProjectFolder = Annotated[
    Path,
    typer.Option("--project", "-p", envvar="XCONNECTOR_PROJECT", help="Folder of the project.", show_default="here"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
HERE = Path()

DONE_WITH_FAILURES = 1
WRONG_USE = 2


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a verb's work; an error that the user can mend is told and ends with exit code 2."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except _known_errors() as error:
        refuse(str(error))


def with_place(folder: Path, work: Callable[[Any], Awaitable[T]]) -> T:
    """Open the project in a folder and run work on its workplace."""
    from xconnector.entrypoints.bootstrap import open_project

    async def opened() -> T:
        async with open_project(folder, name="xconnector cli") as (place, _):
            show_times_in(place.project.locale.timezone)
            return await work(place)

    return run(opened())


def with_store(folder: Path, work: Callable[["Pool"], Awaitable[T]]) -> T:
    """Open only the database of the project in a folder and run work on it; its connections may lack their secrets."""
    from xconnector.entrypoints.bootstrap import open_store
    from xconnector.project.load import project_time_zone

    async def opened() -> T:
        async with open_store(folder, name="xconnector cli") as pool:
            show_times_in(project_time_zone(folder))
            return await work(pool)

    return run(opened())


def refuse(message: str) -> NoReturn:
    """Say what is wrong and what to do, and end with exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(WRONG_USE)


def _known_errors() -> tuple[type[Exception], ...]:
    """Errors whose message is made for the user."""
    from xconnector.contract.errors import ConnectorError
    from xconnector.contract.source import ControlTotalsMismatchError
    from xconnector.entrypoints.portal_secrets import PortalSecretError
    from xconnector.entrypoints.web.listening import AddressError
    from xconnector.entrypoints.web.server import TlsError
    from xconnector.operations.consents import ConsentError
    from xconnector.operations.customer_files import CustomerFileError
    from xconnector.operations.customer_standing import UnknownCustomerError
    from xconnector.operations.customers import LoadRefusedError
    from xconnector.operations.designs import DesignError
    from xconnector.operations.disagreements import PopulationError
    from xconnector.operations.explaining import UnknownCommunicationError
    from xconnector.operations.failures import NothingToReprocessError
    from xconnector.operations.feeds import FeedError
    from xconnector.operations.keys import KeyNameError
    from xconnector.operations.overrides import OverrideError
    from xconnector.operations.probing import ProbeError
    from xconnector.operations.reconciling import UnknownRunError
    from xconnector.operations.reviews import ReviewError
    from xconnector.operations.same_customer import SameCustomerError
    from xconnector.operations.shadow_report import NoShadowAnswerError
    from xconnector.operations.tables import TableVersionError
    from xconnector.operations.write_backs import UnknownTargetError
    from xconnector.pipeline.drafting import DraftError
    from xconnector.postgres.connect import DatabaseUnreachableError
    from xconnector.postgres.embedded import EmbeddedPostgresError
    from xconnector.postgres.migrations import MigrationError
    from xconnector.project.findings import ProjectError
    from xconnector.project.tables.stored import KeptTableError

    return (
        AddressError,
        TlsError,
        ConnectorError,
        ConsentError,
        ControlTotalsMismatchError,
        CustomerFileError,
        DatabaseUnreachableError,
        DesignError,
        DraftError,
        EmbeddedPostgresError,
        FeedError,
        KeptTableError,
        KeyNameError,
        LoadRefusedError,
        MigrationError,
        NoShadowAnswerError,
        NothingToReprocessError,
        OverrideError,
        PopulationError,
        PortalSecretError,
        ProbeError,
        ProjectError,
        ReviewError,
        SameCustomerError,
        TableVersionError,
        UnknownCommunicationError,
        UnknownCustomerError,
        UnknownRunError,
        UnknownTargetError,
    )
