from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.document import content_digest
from xconnector.domain.review import Decision, Verdict, releases


@given(st.binary(max_size=8), st.binary(max_size=8), st.sampled_from(Decision))
def test_only_an_approval_of_the_very_same_bytes_releases(seen: bytes, leaving: bytes, decision: Decision) -> None:
    verdict = Verdict(
        document_sha256=content_digest(seen),
        decision=decision,
        person="anna",
        reason="",
        decided_at=datetime(2026, 11, 23, tzinfo=UTC),
    )

    assert releases(verdict, content_digest(leaving)) is (decision is Decision.APPROVED and seen == leaving)
