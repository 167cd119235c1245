"""The composer keeps the promises of its role by MTOM as well."""

from pathlib import Path

from xconnector.testing.conformance.composer import ComposerConformance


class TestEngineServiceByMtom(ComposerConformance):
    stand_ins = Path(__file__).parent / "mtom"
    connectors = ("exstream_engine_service",)
