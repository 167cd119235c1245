"""Edits that make a hostile file of a good one."""

import os
from collections.abc import Sequence
from typing import TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Edit: TypeAlias = tuple[str, float, int, bytes]
"""What is done, where (as a part of the whole), to how many bytes, and with which."""

SIGNS = st.sampled_from(
    [
        *(
            b"<",
            b">",
            b"&",
            b"<!DOCTYPE x [",
            b"<![CDATA[",
            b"]]>",
            b"<!--",
            b"\0",
            b'"',
            b"\\",
            b"{",
            b"}",
            b"[",
            b"]",
        ),
        *(b",", b";", b":", b"*", b"~", b"^", b"\n", b"\r\n", b"\t", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xff\xfe"),
        *(b"ISA*", b"~IEA*1*1~", b"~SE*1*1~", b"~CLP*", b"~HL*1**20*1~", b"null", b"NaN", b"1e999", b"\\u0000"),
        *(b"\\ud800", b"9" * 400),
    ]
)
PIECES = st.binary(max_size=12) | SIGNS
EDITS: st.SearchStrategy[list[Edit]] = st.lists(
    st.tuples(st.sampled_from(["put", "cut", "over", "again"]), st.floats(0, 1), st.integers(0, 300), PIECES),
    max_size=8,
)


def edited(content: bytes, edits: Sequence[Edit]) -> bytes:
    for kind, place, length, piece in edits:
        at = int(place * len(content))
        match kind:
            case "put":
                content = content[:at] + piece + content[at:]
            case "cut":
                content = content[:at] + content[at + length :]
            case "over":
                content = content[:at] + piece + content[at + len(piece) :]
            case _:
                content = content[:at] + content[at : at + length] * 2 + content[at + length :]
    return content


SHARE = 1 if os.environ.get("XCONNECTOR_FUZZ") == "all" else 10
"""Each run of all tests takes a tenth, other ones each time; `make fuzz` takes them all."""


def many(examples: int) -> settings:
    """Return settings for a property that is to hold for so many files."""
    ours = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples // SHARE, deadline=None, database=None, suppress_health_check=ours)
