"""Reads runs from files of fixed width: one record a line, cut at columns."""

from xconnector.connectors.fixed_width_file.recognising import FORMATS, recognise
from xconnector.connectors.fixed_width_file.settings import FixedWidthFileSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.recognition import Recognition
from xconnector.contract.source import RunSource


def _run_source(settings: FixedWidthFileSettings, _surroundings: Surroundings) -> RunSource:
    from xconnector.connectors.fixed_width_file.source import fixed_width_source

    return fixed_width_source(settings)


MANIFEST = Manifest(
    name="fixed_width_file",
    summary="Reads runs from files of fixed width, one record a line, cut at columns; EBCDIC too.",
    settings=FixedWidthFileSettings,
    stability=Stability.STABLE,
    run_source=_run_source,
    recognition=Recognition(formats=FORMATS, recognise=recognise),
)
