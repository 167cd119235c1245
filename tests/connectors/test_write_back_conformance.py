"""Every write-back target in the registry keeps the promises of the contract."""

from pathlib import Path

from xconnector.testing.conformance import WriteBackConformance


class TestWriteBackTargets(WriteBackConformance):
    stand_ins = Path(__file__).parent
