"""Every registered source of runs shows what the contract asks of it."""

from pathlib import Path

from xconnector.testing.conformance.run_source import RunSourceConformance


class TestRunSources(RunSourceConformance):
    stand_ins = Path(__file__).parent
