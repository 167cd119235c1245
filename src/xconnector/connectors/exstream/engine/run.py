"""One run of the engine: the control file that it is given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.exstream.engine.control_file import Line, Switch, customer_list, extra_line, line, written
from xconnector.connectors.exstream.engine.settings import EngineSettings
from xconnector.connectors.exstream.engine.work_folder import Attempt
from xconnector.connectors.exstream.whole_file import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one start of the engine composes, from which driver and package."""

    package: Path
    driver: Path
    run_date: str | None
    """As the engine is told, `mm/dd/yyyy`."""
    positions: Sequence[int] | None = None
    """Which customers of the driver are composed, counted from 1; None for all."""


def write_control_file(run: Run, attempt: Attempt, settings: EngineSettings, project_folder: Path) -> None:
    """Write the control file of an attempt, which only our user may read: it may hold the licence's key.

    Raises MisconfiguredError where a value cannot be written.
    """
    lines = [
        *_what(run, settings, project_folder),
        *_how(settings),
        *_where(attempt, settings),
        *_licence(settings, project_folder),
        *map(extra_line, settings.extra_switches),
    ]
    write_whole(attempt.control_file, written(lines, settings.control_file_encoding))


def _what(run: Run, settings: EngineSettings, project_folder: Path) -> Iterator[Line]:
    yield line(Switch.PACKAGE_FILE, str(run.package))
    yield line(Switch.FILE_MAP, f"{settings.driver_name},{run.driver}")
    for symbol, path in settings.reference_files.items():
        yield line(Switch.FILE_MAP, f"{symbol},{project_folder / path}")
    if run.positions is not None:
        yield line(Switch.CUSTOMER_LIST, customer_list(run.positions))
    if run.run_date is not None:
        yield line(Switch.RUN_DATE, run.run_date)
    for name, variable in settings.variables.items():
        when = f",{variable.when}" if variable.when is not None else ""
        yield line(Switch.VARIABLE, f"{name},{variable.value}{when}")


def _how(settings: EngineSettings) -> Iterator[Line]:
    yield line(Switch.RUN_MODE, settings.run_mode)
    told = {
        Switch.RUN: settings.run,
        Switch.STOP_ERROR: settings.stop_error,
        Switch.REPORT: settings.report,
        Switch.MESSAGE_LEVEL: settings.message_level,
        Switch.TRACK_IN: settings.track_in,
        Switch.TRACK_OUT: settings.track_out,
    }
    yield from (line(switch, value) for switch, value in told.items() if value is not None)


def _where(attempt: Attempt, settings: EngineSettings) -> Iterator[Line]:
    yield line(Switch.OUTPUT_DIRECTORY, str(attempt.outputs))
    yield line(Switch.DELIVERY_FILE, str(attempt.delivery_file))
    yield line(Switch.MESSAGE_FILE, str(attempt.messages))
    yield line(Switch.MESSAGE_ENCODING, settings.message_encoding)
    if settings.timestamp_messages:
        yield Line(switch=Switch.TIMESTAMP_MESSAGES, value=None)
    yield line(Switch.REPORT_FILE, str(attempt.report))
    yield line(Switch.RUN_SUMMARY, str(attempt.summary))


def _licence(settings: EngineSettings, project_folder: Path) -> Iterator[Line]:
    if settings.key is not None:
        yield line(Switch.KEY, settings.key.get_secret_value())
    if settings.key_file is not None:
        yield line(Switch.KEY_FILE, str(project_folder / settings.key_file))
