from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.failure import Failure, FailureKind


def _failure(reason: str, *, stage: str = "compose", kind: FailureKind = FailureKind.PROJECT) -> Failure:
    return Failure(stage=stage, kind=kind, reason=reason)


@given(st.integers(0, 10**12), st.uuids(), st.from_regex(r"[a-z ]{0,12}", fullmatch=True))
def test_one_cause_is_one_group_whatever_numbers_ids_and_names_it_quotes(number: int, key: UUID, name: str) -> None:
    words = f"line {number} of {key}: no field '{name}' in sha-256 {'ab' * 32}"

    assert (
        _failure(words).fingerprint
        == _failure(f"line 1 of {UUID(int=7)}: no field 'x' in sha-256 {'cd' * 32}").fingerprint
    )


@pytest.mark.parametrize(
    "other",
    [
        _failure("the template is gone"),
        _failure("the template is wrong", stage="archive"),
        _failure("the template is wrong", kind=FailureKind.INPUT),
    ],
)
def test_another_stage_kind_or_wording_is_another_group(other: Failure) -> None:
    assert other.fingerprint != _failure("the template is wrong").fingerprint
