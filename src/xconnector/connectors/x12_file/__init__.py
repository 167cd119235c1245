"""Reads runs from X12 files: claim payments (835), claim statuses (277) and enrolments (834)."""

from xconnector.connectors.x12_file.recognising import FORMATS, recognise
from xconnector.connectors.x12_file.settings import X12FileSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.recognition import Recognition
from xconnector.contract.source import RunSource


def _run_source(settings: X12FileSettings, _surroundings: Surroundings) -> RunSource:
    from xconnector.connectors.x12_file.source import x12_source

    return x12_source(settings)


MANIFEST = Manifest(
    name="x12_file",
    summary="Reads runs from X12 files: a record is a claim of an 835, a status of a 277, a member of an 834.",
    settings=X12FileSettings,
    stability=Stability.STABLE,
    run_source=_run_source,
    recognition=Recognition(formats=FORMATS, recognise=recognise),
)
