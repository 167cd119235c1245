"""The composer keeps the promises of its role by MTOM as well."""

from pathlib import Path

import pytest

from xconnector.testing.conformance.composer import ComposerConformance

pytestmark = pytest.mark.slow


class TestEngineServiceByMtom(ComposerConformance):
    stand_ins = Path(__file__).parent / "mtom"
    connectors = ("exstream_engine_service",)
