"""Reads runs from CSV files: one record a row, or consecutive rows of one key."""

from xconnector.connectors.csv_file.recognising import FORMATS, recognise
from xconnector.connectors.csv_file.settings import CsvFileSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.recognition import Recognition
from xconnector.contract.source import RunSource


def _run_source(settings: CsvFileSettings, _surroundings: Surroundings) -> RunSource:
    from xconnector.connectors.csv_file.source import csv_source

    return csv_source(settings)


MANIFEST = Manifest(
    name="csv_file",
    summary="Reads runs from CSV files, one record a row or consecutive rows of one key.",
    settings=CsvFileSettings,
    stability=Stability.STABLE,
    run_source=_run_source,
    recognition=Recognition(formats=FORMATS, recognise=recognise),
)
