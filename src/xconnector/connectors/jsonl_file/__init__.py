"""Reads runs from JSON Lines: one record a line, or one document a file."""

from xconnector.connectors.jsonl_file.recognising import FORMATS, recognise
from xconnector.connectors.jsonl_file.settings import JsonlFileSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.recognition import Recognition
from xconnector.contract.source import RunSource


def _run_source(settings: JsonlFileSettings, _surroundings: Surroundings) -> RunSource:
    from xconnector.connectors.jsonl_file.source import jsonl_source

    return jsonl_source(settings)


MANIFEST = Manifest(
    name="jsonl_file",
    summary="Reads runs from JSON: one record a line, one document a file, or the things of a list; change events too.",
    settings=JsonlFileSettings,
    stability=Stability.STABLE,
    run_source=_run_source,
    recognition=Recognition(formats=FORMATS, recognise=recognise),
)
