"""Every drop in the registry keeps the promises of the contract."""

from pathlib import Path

from xconnector.testing.conformance import FileDropConformance


class TestFileDrops(FileDropConformance):
    stand_ins = Path(__file__).parent
