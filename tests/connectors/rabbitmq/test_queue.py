"""With what a queue is declared: never so that the broker drops what it holds."""

import pytest

from xconnector.connectors.rabbitmq.client import queue_arguments


@pytest.mark.parametrize("version", ["4.0.0", "4.1.3", "10.0"])
def test_a_queue_has_no_limit_of_deliveries_where_the_broker_would_set_one(version: str) -> None:
    assert queue_arguments(version) == {"x-queue-type": "quorum", "x-delivery-limit": -1}


@pytest.mark.parametrize("version", ["3.10.8", "3.13.7", "", "unknown"])
def test_no_limit_is_stated_where_stating_none_would_drop_what_comes_back_once(version: str) -> None:
    assert queue_arguments(version) == {"x-queue-type": "quorum"}
