"""Every archive in the registry keeps the promises of its role."""

from pathlib import Path

from xconnector.testing.conformance.archive import ArchiveConformance


class TestArchives(ArchiveConformance):
    stand_ins = Path(__file__).parent
