"""Every registered stream source shows what the contract asks of it, against a real broker."""

from pathlib import Path

import pytest

from xconnector.testing.conformance.stream_source import StreamSourceConformance

pytestmark = pytest.mark.slow


class TestStreamSources(StreamSourceConformance):
    stand_ins = Path(__file__).parent
