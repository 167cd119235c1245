"""What a mapping says of the customer beside values: what is vouched for, taken back, or gone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.project.mapping import MappingError, RecordMapping
from xconnector.project.mapping_text import parse_mapping
from xconnector.project.mapping_versions import kept_form, read_kept_mapping
from xconnector.project.yaml_file import YamlFile, read_yaml

HEAD = "customer: id\nfields: {}\n"


def written(folder: Path, text: str) -> YamlFile:
    (folder / "m.yaml").write_text(HEAD + text, encoding="utf-8")
    file, wrong = read_yaml(folder / "m.yaml", "m.yaml")
    assert file is not None, wrong
    return file


def mapping(folder: Path, text: str) -> RecordMapping:
    found, wrong = parse_mapping("m", written(folder, text))
    assert found is not None, wrong
    return found


def said(folder: Path, text: str, **record: object) -> Mapping[str, Any]:
    return mapping(folder, text).apply({"id": "1", **record}).customer_fields


@pytest.mark.parametrize(
    "record, keeps, retracts, absent",
    [
        ({"contact": {"email": "a@x.test"}}, {"email": "a@x.test"}, {"email": "a@x.test"}, {"email": "a@x.test"}),
        ({"contact": {"email": None}}, {}, {"email": None}, {"email": None}),
        ({"contact": {"email": "  "}}, {}, {"email": None}, {"email": None}),
        ({"contact": {"email": {"@type": "work", "#text": ""}}}, {}, {"email": None}, {"email": None}),
        ({"contact": None}, {}, {"email": None}, {"email": None}),
        ({"contact": {}}, {}, {}, {"email": None}),
        ({}, {}, {}, {"email": None}),
    ],
)
def test_what_is_empty_is_taken_back_as_the_mapping_says(
    tmp_path: Path,
    record: dict[str, Any],
    keeps: dict[str, Any],
    retracts: dict[str, Any],
    absent: dict[str, Any],
) -> None:
    assert said(tmp_path, "customer_fields: {email: contact.email}", **record) == keeps
    own = "customer_fields: {email: {path: contact.email, on_missing: retract}}"
    assert said(tmp_path, own, **record) == retracts
    whole = "missing: retract\ncustomer_fields: {email: contact.email}"
    assert said(tmp_path, whole, **record) == retracts
    assert said(tmp_path, whole.replace("retract", "retract_absent"), **record) == absent
    mixed = "missing: retract\ncustomer_fields: {email: {path: contact.email, on_missing: keep}}"
    assert said(tmp_path, mixed, **record) == keeps


@pytest.mark.parametrize(
    "source, record, is_taken_back",
    [
        ("{first: [a, b]}", {"a": None}, True),
        ("{first: [a, b]}", {"c": None}, False),
        ("{join: [a, {path: b}]}", {"b": ""}, True),
        ("{list: [a, b]}", {"a": []}, True),
        ("'ways[kind=email].to'", {"ways": []}, True),
        ("'ways[kind=email].to'", {"ways": [{"kind": "fax", "to": "1"}]}, False),
        ("'ways[kind=email].to'", {"ways": [{"kind": "email", "to": None}]}, True),
        ("'ways[0].to'", {"ways": [{"to": ""}]}, True),
        ("'ways[1].to'", {"ways": [{"to": ""}]}, False),
        ("'ways[*].to'", {"ways": [{"to": ""}, {"to": None}]}, True),
        ("{path: a, then: [{blank: [none]}]}", {"a": "none"}, False),
        ("{path: a, then: [date], on_error: missing}", {"a": "soon"}, False),
        ("{path: a, then: [date], on_error: missing}", {"a": ""}, True),
        ("{path: a, default: x}", {"a": None}, False),
        ("{jsonata: a}", {"a": None}, False),
    ],
)
def test_only_what_stands_there_and_is_empty_takes_back(
    tmp_path: Path, source: str, record: dict[str, Any], is_taken_back: bool
) -> None:
    found = said(tmp_path, f"missing: retract\ncustomer_fields: {{email: {source}}}", **record)

    assert (found.get("email", "nothing said") is None) is is_taken_back


def test_what_cannot_be_read_takes_nothing_back_even_of_a_snapshot(tmp_path: Path) -> None:
    text = "missing: retract_absent\ncustomer_fields: {email: {path: a, then: [date], on_error: missing}}"

    assert said(tmp_path, text, a="soon") == {}
    assert said(tmp_path, text) == {"email": None}


def test_a_source_vouches_always_or_where_the_record_says_so(tmp_path: Path) -> None:
    fields = "customer_fields: {email: email, city: city, postcode: zip, mobile: mobile}\n"
    record = {"id": "1", "email": "a@x.test", "city": "Berlin", "sure": "Y", "mobile": None, "known": True}

    always = mapping(tmp_path, f"{fields}verified: [email, address, mobile]").apply(record)
    now = mapping(tmp_path, f"{fields}verified: {{email: {{path: sure, then: [{{yes: [Y]}}]}}, address: known}}")

    assert always.verified == {"email", "city"}
    assert now.apply(record).verified == {"email", "city"}
    assert now.apply({**record, "sure": "N", "known": None}).verified == frozenset()
    assert now.apply({**record, "sure": "N", "known": "true"}).verified == {"city"}
    with pytest.raises(MappingError, match=r"verified\.city: known is neither true nor false") as refused:
        now.apply({**record, "known": "perhaps"})
    assert "perhaps" not in str(refused.value)


def test_of_a_deleted_customer_the_key_is_enough(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "customer: id\nfields: {n: {path: n, required: true}}\ncustomer_fields: {email: email}\n"
        "deleted: {path: op, then: [{yes: [gone]}]}\nverified: [email]\n",
        encoding="utf-8",
    )
    file, _ = read_yaml(tmp_path / "m.yaml", "m.yaml")
    assert file is not None
    found, wrong = parse_mapping("m", file)
    assert found is not None, wrong

    gone = found.apply({"id": "1", "op": "gone", "email": "a@x.test"})

    assert (gone.customer_key, gone.is_deleted, gone.customer_fields, gone.verified) == ("1", True, {}, frozenset())
    assert not found.apply({"id": "1", "n": "2", "op": "new"}).is_deleted
    with pytest.raises(MappingError, match="n is missing"):
        found.apply({"id": "1", "op": "new"})
    with pytest.raises(MappingError, match="customer: id is missing"):
        found.apply({"op": "gone"})


def test_it_is_known_where_it_was_read_and_kept_with_the_mapping(tmp_path: Path) -> None:
    text = "missing: retract\ncustomer_fields: {email: email}\nverified: {email: sure}\ndeleted: gone"
    record = {"id": "1", "email": None, "sure": True, "gone": False}

    made = mapping(tmp_path, text)

    lineage = made.lineage(record)
    assert lineage["customer.email"] == ("email",)
    assert lineage["customer.verified.email"] == ("sure",)
    assert lineage["customer.deleted"] == ("gone",)
    assert read_kept_mapping(kept_form(made)).apply(record) == made.apply(record)


@pytest.mark.parametrize(
    "text, told",
    [
        ("customer_fields: {email: a}\nverified: [emial]", "m.yaml:4: `verified` names 'emial', of which"),
        ("customer_fields: {email: a}\nverified: [emial]", "did you mean 'email'?"),
        ("customer_fields: {email: a}\nverified: [address]", "m.yaml:4: `verified` names 'address'"),
        ("customer_fields: {email: a}\nverified: [email, email]", "m.yaml:4: `verified` names each field once"),
        ("customer_fields: {email: a}\nverified: yes", "m.yaml:4: `verified` names no fields"),
        ("customer_fields: {email: a}\nverified: {email: {pth: b}}", "m.yaml:4: unknown key 'pth'"),
        (
            "customer_fields: {email: a}\nmissing: retrakt",
            "m.yaml:4: `missing` is one of keep, retract, retract_absent",
        ),
        ("customer_fields: {email: {path: a, on_missing: yes}}", "m.yaml:3: `on_missing` is one of"),
        ("customer_fields: {email: {jsonata: a, on_missing: retract}}", "m.yaml:3: no path tells whether 'email' is"),
        ("deleted: {path: a, on_missing: retract}", "m.yaml:3: `on_missing` belongs to a field of customer_fields"),
        ("deleted: 3", "m.yaml:3: `deleted` does not say where it comes from"),
        ("missing: [retract]\ncustomer_fields: {email: 'a['}", "m.yaml:4: `email`: path 'a['"),
    ],
)
def test_what_is_wrongly_written_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    found, wrong = parse_mapping("m", written(tmp_path, text))

    assert found is None
    assert told in "\n".join(str(finding) for finding in wrong)


VALUES = st.none() | st.just("") | st.just([]) | st.sampled_from(["a", "b"])
RECORDS = st.lists(
    st.tuples(st.sampled_from(["crm", "billing"]), st.dictionaries(st.sampled_from(["email", "title"]), VALUES)),
    max_size=8,
)


@given(news=RECORDS)
def test_what_is_taken_back_never_stays_and_what_others_say_does(
    tmp_path_factory: pytest.TempPathFactory, news: list[tuple[str, dict[str, Any]]]
) -> None:
    made = mapping(
        tmp_path_factory.mktemp("m"),
        "missing: retract\ncustomer_fields: {email: email, title: title}\nverified: [email]",
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    records: list[CustomerRecord] = []
    holds: dict[str, dict[str, tuple[int, str]]] = {"crm": {}, "billing": {}}
    for number, (source, record) in enumerate(news):
        mapped = made.apply({"id": "1", **record})
        records.append(
            CustomerRecord(
                customer_key="1",
                source=source,
                as_of=start + timedelta(days=number),
                fields=mapped.customer_fields,
                verified=mapped.verified,
            )
        )
        for name, value in record.items():
            if value:
                holds[source][name] = (number, value)
            else:
                holds[source].pop(name, None)

    golden = MOST_RECENT.golden("1", records, at=start + timedelta(days=100))

    for name in ("email", "title"):
        said_last = [held[name] for held in holds.values() if name in held]
        assert golden.fields.get(name) == (max(said_last)[1] if said_last else None)
    if "email" in golden.fields:
        assert golden.provenance["email"].verified
