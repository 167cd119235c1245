"""Hostile bodies: whatever systems send or answer, each record is read or named, and nothing breaks.

`FUZZED=10000 pytest tests/connectors/test_fuzzed_answers.py` looks as far as a release is looked at.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.test_fuzzed_files import prove_storable
from xconnector.connectors.odata.entities import read_page, version_of
from xconnector.connectors.webhook.source import SignedWebhooks
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.registry import manifest
from xconnector.contract.webhook_source import WebhookRequest
from xconnector.domain.change_event import change_digest, place_in_order
from xconnector.domain.change_record import as_change, row_key_of
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.strict_json import Json

fuzzed = settings(
    max_examples=int(os.environ.get("FUZZED", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
SAMPLES = Path(__file__).parents[1] / "mappings" / "samples"

Objects: TypeAlias = st.SearchStrategy[Any]
NAMES = [
    *("op", "before", "after", "row", "source", "ts_ms", "lsn", "scn", "commit_lsn", "file", "pos", "key", "value"),
    *("payload", "schema", "fields", "field", "name", "parameters", "scale", "d", "results", "__next", "__metadata"),
    *(
        "@odata.nextLink",
        "@odata.deltaLink",
        "@odata.etag",
        "@removed",
        "@odata.context",
        "id",
        "uri",
        "reason",
        "etag",
    ),
]
WORDS = [
    *("c", "u", "d", "r", "t", "tombstone", "1", "io.debezium.time.Date", "io.debezium.time.NanoTimestamp", "AA=="),
    *("org.apache.kafka.connect.data.Decimal", "00000027:00000ac0:0002", "mysql-bin.000003", "/Date(1700000000000)/"),
    *(
        "/Date(999999999999999)/",
        "Accounts(1)",
        "https://x.test/$metadata#Accounts/$deletedEntity",
        "2026-11-23T08:00Z",
    ),
]
LEAVES: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)
ANY: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)
OBJECTS: Objects = st.dictionaries(st.sampled_from(NAMES), ANY, max_size=6)
ENVELOPES: Objects = st.fixed_dictionaries(
    {"op": st.sampled_from(["c", "u", "d", "r", "t", "m"]) | ANY, "source": OBJECTS | ANY},
    optional={"before": OBJECTS | ANY, "after": OBJECTS | ANY, "ts_ms": ANY},
)
CHANGES: Objects = st.one_of(
    ENVELOPES,
    OBJECTS,
    st.fixed_dictionaries({"key": ANY, "value": ENVELOPES | ANY}),
    st.fixed_dictionaries({"payload": ENVELOPES | ANY, "schema": OBJECTS | ANY}),
)
MORE: dict[str, Objects] = {"@odata.nextLink": ANY}
PAGES: Objects = st.one_of(
    OBJECTS,
    st.fixed_dictionaries({"value": st.lists(OBJECTS | ANY, max_size=4) | ANY}, optional=MORE),
    st.fixed_dictionaries({"d": st.fixed_dictionaries({"results": st.lists(OBJECTS, max_size=4) | ANY}) | ANY}),
)
WEBHOOKS: Mapping[str, dict[str, object]] = {
    "json": {"key": ["id"], "type": "op"},
    "records": {"key": ["id"], "type": "op", "records": "value", "time": "ts_ms"},
    "salesforce": {"shape": "salesforce_outbound_message"},
    "cloudevents": {"shape": "cloudevents"},
}
TYPES = ["application/json", "text/xml", "application/x-www-form-urlencoded", "application/cloudevents+json", ""]


@fuzzed
@given(event=CHANGES)
def test_a_change_is_named_or_says_why_it_is_none(event: dict[str, Json]) -> None:
    record = SourceRecord(
        source="rows",
        source_key="1",
        event_type="row",
        occurred_at=None,
        payload=json.dumps(event).encode(),
        data=event,
    )
    read = as_change(record, event_type="row")

    if isinstance(read, BadRecord):
        assert read.reason
        assert read.payload == record.payload
        return
    change = cast("dict[str, Json]", read.data)
    assert row_key_of(read.source_key) == "1"
    assert change_digest(change) == change_digest(dict(reversed(change.items())))
    assert (place_in_order(change) or 0) >= 0
    prove_storable(change)
    json.dumps(change, allow_nan=False)


@fuzzed
@given(content=PAGES, is_of_version_2=st.booleans())
def test_a_page_of_odata_is_read_or_refused(content: dict[str, Json], is_of_version_2: bool) -> None:
    try:
        page = read_page(content, is_of_version_2=is_of_version_2, key=("id",))
    except MisconfiguredError:
        return
    for entity in page.entities:
        version_of(entity, "ts_ms")
        prove_storable(entity)
        json.dumps(entity, allow_nan=False)


@pytest.mark.parametrize("shape", WEBHOOKS)
@fuzzed
@given(data=st.data())
def test_a_webhooks_body_ends_in_records_and_named_rejections(shape: str, data: st.DataObject) -> None:
    said = {**WEBHOOKS[shape], "proof": {"basic": {"user": "a", "passwords": ["0123456789abcdef"]}}}
    source = SignedWebhooks(manifest("webhook").settings.model_validate(said))  # pyright: ignore[reportArgumentType] - its own
    whole = (SAMPLES / "salesforce_soap_notification.xml").read_bytes() if shape == "salesforce" else b""
    bodies = st.binary(max_size=200) | ANY.map(lambda one: json.dumps(one).encode())
    body = data.draw(bodies | st.integers(0, len(whole)).map(lambda end: whole[:end]))
    if whole and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(whole)))
        body = whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 9)) :]
    kind = "text/xml" if shape == "salesforce" else data.draw(st.sampled_from(TYPES))
    request = WebhookRequest(headers={"content-type": kind}, body=body, query={}, peer=None, certificate=None)

    for record in source.read(request, source="crm", event_type="thing"):
        assert record.source
        if isinstance(record, BadRecord):
            assert record.reason
        else:
            assert record.source_key
            prove_storable(dict(record.data))
