"""Foreign files that somebody spoiled in one place: they are read, or told; there is no third way."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.project.tables.test_round_trip import told
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.strict_json import Json
from xconnector.project.tables.dmn_writing import dmn_bytes
from xconnector.project.tables.files import understood
from xconnector.project.tables.jdm import jdm_bytes

ODD: list[Any] = [None, 5, "", "-", "null", "> > 5", "a.b", "R1", "x" * 300, [], {}, ["a"], {"a": "b"}, True, "unique"]
TEXTS = [one for one in ODD if isinstance(one, str)]


def spoiled_json(content: bytes, places: st.DataObject) -> bytes:
    """Return a document with one value, at any depth, that is another one."""
    document = json.loads(content)
    at: Any = document
    while True:
        key = places.draw(st.sampled_from(keys_of(at)))
        inside: Any = at[key]
        if not keys_of(inside) or not places.draw(st.integers(0, 4)):
            at[key] = places.draw(st.sampled_from(ODD))
            return json.dumps(document).encode()
        at = inside


def keys_of(value: Json) -> list[Any]:
    """Return the keys or places of what holds others; none for what does not."""
    if isinstance(value, list):
        return [*range(len(value))]
    return [*value] if isinstance(value, dict) else []


def spoiled_xml(content: bytes, places: st.DataObject) -> bytes:
    """Return a document with one text or attribute that is another one."""
    text = content.decode()
    spots = [found.span(1) for found in re.finditer(r'(?:"|>)([^<>"]*)(?="|<)', text)]
    begin, end = places.draw(st.sampled_from(spots))
    other = places.draw(st.sampled_from(TEXTS)).replace("<", "&lt;").replace(">", "&gt;")
    return f"{text[:begin]}{other}{text[end:]}".encode()


@pytest.mark.parametrize("form", [".jdm.json", ".dmn"])
@settings(deadline=None, max_examples=60)
@given(made=told(), places=st.data())
def test_a_spoiled_file_is_read_or_told(form: str, made: DecisionTable, places: st.DataObject) -> None:
    content = spoiled_xml(dmn_bytes(made), places) if form == ".dmn" else spoiled_json(jdm_bytes(made), places)

    found, wrong = understood("routing", "t", content, form=form)

    assert (found is None) is bool(wrong)
    assert all(finding.file == "t" and finding.line > 0 for finding in wrong)
