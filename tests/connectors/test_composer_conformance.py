"""Every composer in the registry keeps the promises of its role."""

from pathlib import Path

from xconnector.testing.conformance.composer import ComposerConformance


class TestComposers(ComposerConformance):
    stand_ins = Path(__file__).parent
