"""Every composer in the registry that takes submissions keeps the promises of that ability."""

from pathlib import Path

from xconnector.testing.conformance.submissions import SubmissionConformance


class TestSubmissions(SubmissionConformance):
    stand_ins = Path(__file__).parent
