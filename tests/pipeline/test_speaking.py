"""What a connection says for others is set aside under its own name."""

from tests.office import notice
from xconnector.domain.event import BadRecord
from xconnector.domain.speakers import Speakers
from xconnector.pipeline.speaking import speaking_for


def test_what_is_said_for_another_is_set_aside_with_its_bytes_and_without_a_key() -> None:
    record = notice("1")
    assert speaking_for(Speakers(), "broker", [record]) == [record]
    others = Speakers(told={"elsewhere": frozenset({record.source})})
    (bad,) = speaking_for(others, "broker", [record])
    assert isinstance(bad, BadRecord)
    assert (bad.source, bad.source_key, bad.payload) == ("broker", None, record.payload)
