import pytest

from xconnector.domain.yes_or_no import yes_or_no


@pytest.mark.parametrize(
    "given, meant",
    [
        (True, True), ("true", True), (" Yes ", True), ("J", True), (1, True), ("1", True),
        (False, False), ("false", False), ("No", False), ("nein", False), (0, False), ("0", False), ("none", False),
        (None, None), ("", None), ("maybe", None), ([], None),
    ],
)  # fmt: skip
def test_what_sources_write_for_yes_and_no_is_understood(given: object, meant: bool | None) -> None:
    assert yes_or_no(given) is meant
