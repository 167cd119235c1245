import pytest

from tests.domain.routing.made import demands, denies, policy
from xconnector.domain.routing.past_policy import read_policy, tables_named_by

POLICY = policy("email, print", default="print", must_send=demands(), consent=(denies(), denies(name="us")))


def test_a_policy_is_put_together_as_it_was() -> None:
    tables = {table.sha256: table for table in POLICY.tables}
    again = read_policy(POLICY.content, tables)
    assert again == POLICY
    assert again.sha256 == POLICY.sha256


def test_its_tables_are_named_before_they_are_there() -> None:
    assert [*tables_named_by(POLICY.content)] == [table.sha256 for table in POLICY.tables]


def test_a_table_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        read_policy(POLICY.content, {})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"route": "x"}',
        '{"route": "x", "checks": {"consent": "x"}, "media": {}, "default": null}',
        '{"route": "x", "checks": [], "media": {}, "default": null}',
        '{"route": "x", "checks": {}, "media": {"email": 1}, "default": null}',
    ],
)
def test_what_is_no_policy_is_refused(content: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own errors are some of them
        read_policy(content, {})
