"""speaking: what a connection says for a source that is not its to speak for is set aside."""

from collections.abc import Sequence

from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.speakers import Speakers

_NOT_ITS_OWN = (
    "it names a source for which its connection may not speak: name that source under `speakers` in xconnector.yaml, "
    "and let the sender send it again"
)


def speaking_for(
    speakers: Speakers, connection: str, records: Sequence[SourceRecord | BadRecord]
) -> Sequence[SourceRecord | BadRecord]:
    """Return records as they may be taken in.

    What is set aside stands under the connection and without a key: it stands in the way of nothing the source says.
    """
    return [
        one
        if isinstance(one, BadRecord) or speakers.may_speak(connection, one.source)
        else BadRecord(
            source=connection, source_key=None, payload=one.payload, reason=_NOT_ITS_OWN, position=one.position
        )
        for one in records
    ]
