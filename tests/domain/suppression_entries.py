"""Entries of the suppression list about one customer, made up at random and few enough to meet each other."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=10)


def entry(
    action: SuppressionAction = SuppressionAction.SUPPRESSED,
    reason: SuppressionReason | None = SuppressionReason.ADDRESS,
    *,
    day: int = 1,
    medium: Medium = Medium.EMAIL,
    address: str | None = None,
) -> SuppressionEvent:
    is_lifting = action is SuppressionAction.LIFTED
    return SuppressionEvent(
        customer_key="K",
        medium=medium,
        action=action,
        reason=reason if is_lifting else reason or SuppressionReason.OTHER,
        occurred_at=START + timedelta(days=day),
        recorded_at=NOW,
        source="smtp",
        actor="ann",
        address=address,
    )


entries = st.builds(
    entry,
    st.sampled_from(SuppressionAction),
    st.sampled_from((None, *SuppressionReason)),
    day=st.integers(0, 12),
    medium=st.sampled_from((Medium.EMAIL, Medium.PRINT)),
    address=st.sampled_from((None, "a@x.test", "b@x.test")),
)
