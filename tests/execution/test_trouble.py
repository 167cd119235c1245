import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xconnector.execution.trouble import Trouble


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.sampled_from([None, "it is gone", "it is full"])))
def test_the_log_has_a_line_for_each_change_and_none_for_each_attempt(
    caplog: pytest.LogCaptureFixture, rounds: list[str | None]
) -> None:
    caplog.clear()
    trouble = Trouble("drop of claims")
    for one in rounds:
        trouble.is_over() if one is None else trouble.is_there(one)

    begun = sum(1 for last, one in zip([None, *rounds], rounds, strict=False) if one is not None and one != last)
    assert sum("failed: " in line for line in caplog.messages) == begun


def test_the_end_of_trouble_is_told_with_how_often_it_came(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble("drop of claims")
    for _ in range(3):
        trouble.is_there("it is gone")
    trouble.is_over()
    trouble.is_over()

    assert caplog.messages == [
        "'drop of claims' failed: it is gone",
        "'drop of claims' goes well again, after it failed 3 times in a row",
    ]
