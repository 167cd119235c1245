from dataclasses import replace

import pytest

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.key import key_of
from xconnector.contract.errors import PermanentError
from xconnector.testing.orders import sample_order, with_data

ORDER = sample_order(7, template="policy")


def test_the_communication_id_is_the_key_unless_the_design_says_otherwise() -> None:
    assert key_of(ExstreamDesign(), ORDER) == str(ORDER.communication_id)


def test_the_key_is_what_stands_at_the_path() -> None:
    assert key_of(_design(name="Policy", path="data.policy_number"), ORDER) == "P-2026-000007"


def test_results_by_position_have_no_key() -> None:
    assert key_of(_design(name="number"), ORDER) is None


@pytest.mark.parametrize("value", ["", " ", None, " padded", "two\nlines", "x" * 201, ["a list"]])
def test_a_key_that_would_not_come_back_is_refused_with_template_and_path(value: object) -> None:
    order = with_data(ORDER, policy_number=value)
    with pytest.raises(PermanentError, match=r"^template 'policy': data.policy_number ") as refused:
        key_of(_design(name="Policy", path="data.policy_number"), order)
    assert not isinstance(value, str) or not value.strip() or value not in str(refused.value)


def test_a_path_through_a_list_is_refused() -> None:
    with pytest.raises(PermanentError, match="leads through a list"):
        key_of(_design(path="data.coverages.name"), replace(ORDER))


def _design(**key: str) -> ExstreamDesign:
    return ExstreamDesign.model_validate({"key": key})
