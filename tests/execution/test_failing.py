"""What is told of an exception."""

from datetime import UTC, datetime

import psycopg
import pytest

from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.execution.failing import describe
from xconnector.execution.limits import CircuitOpenError

ADDRESS = "Jane Doe, 12 Elm Street"


def raised(error: Exception) -> str:
    with pytest.raises(type(error)) as caught:
        raise error
    return describe(caught.value)


def test_the_words_of_an_error_may_hold_content_and_only_its_kind_and_place_are_told() -> None:
    told = raised(LookupError(ADDRESS))
    assert told.startswith("LookupError in raised (test_failing.py:")
    assert ADDRESS not in told


def test_an_error_of_the_database_is_told_with_its_code_alone() -> None:
    told = raised(psycopg.errors.UniqueViolation(f"Key (name)=({ADDRESS}) already exists."))
    assert told.startswith("UniqueViolation 23505 in raised (test_failing.py:")
    assert ADDRESS not in told


@pytest.mark.parametrize("kind", [PermanentError, TransientError, MisconfiguredError])
def test_the_words_of_an_error_that_is_free_of_content_reach_the_operator(kind: type[ConnectorError]) -> None:
    words = "run-7-1.ack.jsonl cannot be read, see acks/set-aside.\nAsk the print house to acknowledge again"
    told = raised(kind(words))
    assert told == (
        f"{kind.__name__}: run-7-1.ack.jsonl cannot be read, see acks/set-aside. "
        "Ask the print house to acknowledge again"
    )


def test_a_connection_that_is_left_alone_is_told_by_name() -> None:
    told = raised(CircuitOpenError("smtp is down and is left alone for a while.", retry_at=datetime.now(UTC)))
    assert told == "CircuitOpenError: smtp is down and is left alone for a while."
