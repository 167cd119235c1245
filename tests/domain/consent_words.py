"""Words of one customer about a few media and scopes, made up at random and few enough to meet each other."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from hypothesis import strategies as st

from xconnector.domain.consent import ALL, PROMOTIONAL, ConsentAction, ConsentBasis, ConsentEvent, ConsentMethod
from xconnector.domain.routing.plan import Medium

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = START + timedelta(days=10)
CATEGORIES = ("bill", "newsletter")
MEDIA = (Medium.EMAIL, Medium.SMS)


def said(
    action: ConsentAction,
    scope: str = ALL,
    *,
    day: int = 1,
    medium: Medium = Medium.EMAIL,
    basis: ConsentBasis | None = ConsentBasis.EXPRESS,
    expires_on: date | None = None,
    shown: bool = False,
    recorded_day: int = 9,
) -> ConsentEvent:
    return ConsentEvent(
        customer_key="K",
        medium=medium,
        scope=scope,
        action=action,
        occurred_at=START + timedelta(days=day),
        recorded_at=START + timedelta(days=recorded_day),
        source="web",
        actor="ann",
        basis=basis,
        method=ConsentMethod.WEB,
        shown=shown,
        expires_on=expires_on,
    )


grant = partial(said, ConsentAction.GRANT)
withdrawal = partial(said, ConsentAction.WITHDRAW)

scopes = st.sampled_from((*CATEGORIES, PROMOTIONAL, ALL))
words = st.builds(
    said,
    st.sampled_from(ConsentAction),
    scopes,
    day=st.integers(0, 6),
    medium=st.sampled_from(MEDIA),
    basis=st.sampled_from((None, *ConsentBasis)),
    expires_on=st.none() | st.dates(date(2026, 1, 5), date(2026, 1, 20)),
    shown=st.booleans(),
    recorded_day=st.integers(0, 9),
)


def by_text(action: ConsentAction, *, day: int = 1, source: str = "short code") -> ConsentEvent:
    """A STOP or a START, as a channel tells it."""
    return replace(said(action, day=day, medium=Medium.SMS), source=source, method=ConsentMethod.CHANNEL)


stops_and_starts = st.builds(
    by_text,
    st.sampled_from((ConsentAction.GRANT, ConsentAction.WITHDRAW)),
    day=st.integers(0, 6),
    source=st.sampled_from(("short code", "long number")),
)
words_of_texts = words.map(lambda word: replace(word, medium=Medium.SMS))
