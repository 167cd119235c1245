"""Reads runs from XML files: one record an element, streamed."""

from xconnector.connectors.xml_file.recognising import FORMATS, recognise
from xconnector.connectors.xml_file.settings import XmlFileSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.recognition import Recognition
from xconnector.contract.source import RunSource


def _run_source(settings: XmlFileSettings, _surroundings: Surroundings) -> RunSource:
    from xconnector.connectors.xml_file.source import xml_source

    return xml_source(settings)


MANIFEST = Manifest(
    name="xml_file",
    summary="Reads runs from XML files, one record an element, streamed; DTDs and entities are refused.",
    settings=XmlFileSettings,
    stability=Stability.STABLE,
    run_source=_run_source,
    recognition=Recognition(formats=FORMATS, recognise=recognise),
)
