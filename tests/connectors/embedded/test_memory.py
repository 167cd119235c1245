import pytest

from xconnector.testing.bench.composer import measure_memory


@pytest.mark.slow
def test_memory_does_not_grow_with_the_documents() -> None:
    assert measure_memory(documents=400).growth <= 1.1
