"""A reader who knows the field guesses the file before searching; these names never help them."""

import ast
import re

from tests.house.repository import handed_over, shown

NO_FILE_IS_CALLED = re.compile(r"(?:^|_)(utils?|common|helpers?|misc|stuff|managers?|shared)(?:_|$)")
NO_CLASS_ENDS_IN = ("Manager", "Helper", "Handler", "Processor", "Util", "Utils", "Data", "Info", "Message")


def test_no_file_or_folder_is_named_after_nothing() -> None:
    named = [shown(path) for path in handed_over("src", "tests", "scripts")]
    nameless = [name for name in named if any(NO_FILE_IS_CALLED.search(part.split(".")[0]) for part in name.split("/"))]
    assert nameless == []


def test_no_class_is_named_after_nothing() -> None:
    nameless = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in handed_over("src/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith(NO_CLASS_ENDS_IN)
    ]
    assert nameless == []


def test_nothing_is_left_to_be_done() -> None:
    promise = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    left = [
        shown(path) for path in handed_over("src", "tests", "scripts") if promise.search(text_of(path.read_bytes()))
    ]
    assert left == []


def text_of(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")
