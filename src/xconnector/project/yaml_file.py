"""YAML files of a project, read with the line of every key and value, and with caps.

Only plain YAML 1.2 is taken: no anchors and aliases (which can unfold without end), no tags, no key
twice, and dates stay the text they are written as.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

from ruamel.yaml import YAML, AliasEvent, MappingEndEvent, MappingStartEvent, SequenceEndEvent, SequenceStartEvent
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from xconnector.domain.strict_json import Json
from xconnector.project.findings import Finding

Place: TypeAlias = tuple[str | int, ...]
"""The way from the file's top to a value: keys and indexes."""

_MOST_BYTES = 1_048_576
_MOST_NESTED = 24
_TAG = "tag:yaml.org,2002:"
_VARIABLE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|\$\{")


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFile:
    """What a file says, and where it says it."""

    file: str
    """Path inside the project folder."""
    content: Json = field(repr=False)
    lines: Mapping[Place, int] = field(repr=False)

    def line_of(self, place: Place) -> int:
        """Return the line of a value, or of what surrounds it where it is missing.

        Parts of the way that stand not in the file (a union's variant, say) are passed over.
        """
        known: Place = ()
        for part in place:
            if (*known, part) in self.lines:
                known = (*known, part)
        return self.lines.get(known, 1)

    def finding(self, place: Place, message: str, remedy: str) -> Finding:
        return Finding(file=self.file, line=self.line_of(place), message=message, remedy=remedy)


def read_yaml(
    path: Path, file: str, environment: Mapping[str, str] | None = None
) -> tuple[YamlFile | None, list[Finding]]:
    """Return what a file says, or None with the reason.

    Args:
        path: where it lies.
        file: what findings call it.
        environment: fills `${NAME}` and `${NAME:-default}`; None leaves text as it is.
    """
    return _Reading(file, environment).read(path)


class _Reading:
    def __init__(self, file: str, environment: Mapping[str, str] | None) -> None:
        self._file = file
        self._environment = environment
        self._findings: list[Finding] = []
        self._lines: dict[Place, int] = {}

    def read(self, path: Path) -> tuple[YamlFile | None, list[Finding]]:
        text = self._text(path)
        if text is None:
            return None, self._findings
        try:
            node = self._compose(text)
        except MarkedYAMLError as wrong:
            # ruamel's errors carry no types.
            told = cast("Any", wrong)
            line = told.problem_mark.line + 1 if told.problem_mark else 1
            self._find(line, f"no YAML: {told.problem or 'it cannot be read'}", "mend the line")
            return None, self._findings
        except YAMLError:
            self._find(
                1, "no YAML: it holds a character that is not allowed", "remove it; tabs and control signs are not"
            )
            return None, self._findings
        if node is None:
            return None, self._findings
        content = self._value(node, ())
        return YamlFile(file=self._file, content=content, lines=self._lines), self._findings

    def _find(self, line: int, message: str, remedy: str) -> None:
        self._findings.append(Finding(file=self._file, line=line, message=message, remedy=remedy))

    def _text(self, path: Path) -> str | None:
        try:
            content = path.read_bytes()
        except OSError as unreadable:
            self._find(1, f"the file cannot be read: {unreadable.strerror}", "add it, or mend its permissions")
            return None
        if len(content) > _MOST_BYTES:
            self._find(1, f"the file has more than {_MOST_BYTES} bytes", "divide it")
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as wrong:
            line = content[: wrong.start].count(b"\n") + 1
            self._find(line, f"byte {wrong.start + 1} is not UTF-8", "save the file as UTF-8")
            return None

    def _compose(self, text: str) -> Any:  # noqa: ANN401 - ruamel's nodes have no common type
        """Return the file's tree, or None when it may unfold without end."""
        yaml = cast("Any", YAML(typ="safe", pure=True))
        if not self._is_bounded(yaml.parse(text)):
            return None
        node = yaml.compose(text)
        if node is None:
            self._find(1, "the file is empty", "write its content, or remove it")
        return node

    def _is_bounded(self, events: Iterator[object]) -> bool:
        depth = 0
        for event in events:
            line = cast("Any", event).start_mark.line + 1
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                self._find(line, "anchors and aliases (& and *) are not allowed", "write the value where it is needed")
                return False
            if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                depth += 1
            elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                depth -= 1
            if depth > _MOST_NESTED:
                self._find(line, f"nested deeper than {_MOST_NESTED}", "make it flatter")
                return False
        return True

    def _value(self, node: Any, place: Place) -> Json:  # noqa: ANN401 - as above
        self._lines.setdefault(place, node.start_mark.line + 1)
        if not isinstance(node, ScalarNode):
            self._refuse_tag(node)
        match node:
            case MappingNode():
                return self._mapping(cast("Any", node).value, place)
            case SequenceNode():
                items = cast("Sequence[Any]", cast("Any", node).value)
                return [self._value(item, (*place, index)) for index, item in enumerate(items)]
            case _:
                return self._scalar(node)

    def _refuse_tag(self, node: Any) -> None:  # noqa: ANN401 - as above
        tag = str(node.tag).removeprefix(_TAG)
        if tag not in {"map", "seq", "str", "timestamp"}:
            line = node.start_mark.line + 1
            self._find(line, f"the tag {tag!r} is not allowed", "write plain text, numbers, lists and keys")

    def _mapping(self, pairs: Sequence[tuple[Any, Any]], place: Place) -> Json:
        found: dict[str, Json] = {}
        for key_node, value_node in pairs:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self._find(line, "a key must be text", "write `name: value`")
                continue
            key = str(cast("Any", key_node).value)
            if key in found:
                self._find(line, f"the key {key!r} stands there twice", "leave one out")
                continue
            # A finding points to the key: the value may begin lines below.
            self._lines[(*place, key)] = line
            found[key] = self._value(value_node, (*place, key))
        return found

    def _scalar(self, node: Any) -> Json:  # noqa: ANN401 - as above
        text = str(node.value)
        tag = str(node.tag)
        line = node.start_mark.line + 1
        if tag == f"{_TAG}null":
            return None
        if tag == f"{_TAG}bool":
            return text.lower() == "true"
        if tag == f"{_TAG}int":
            return self._integer(text, line)
        if tag == f"{_TAG}float":
            return self._number(text, line)
        self._refuse_tag(node)
        return self._filled(text, line)

    def _integer(self, text: str, line: int) -> Json:
        try:
            return int(text.replace("_", ""), 0 if text[:2].lower() in {"0x", "0o"} else 10)
        except ValueError:
            self._find(line, "this number cannot be read", 'write digits only, or "quote" it as text')
            return None

    def _number(self, text: str, line: int) -> Json:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if number - number != 0:
            self._find(line, "this number cannot be read", 'write digits and one dot, or "quote" it as text')
            return None
        return number

    def _filled(self, text: str, line: int) -> str:
        """Fill in the environment. `$${` is a dollar and a brace."""
        environment = self._environment
        if environment is None or "${" not in text:
            return text

        def fill(found: re.Match[str]) -> str:
            name, default = found["name"], found["default"]
            if found[0] == "$${":
                return "${"
            if name is None:
                self._find(line, "${ begins no variable", "write ${NAME} or ${NAME:-default}, or $${ for the signs")
            elif environment.get(name):
                return environment[name]
            elif default is None:
                self._find(
                    line, f"the environment has no variable {name}", f"set {name}, or write ${{{name}:-a default}}"
                )
            return default or ""

        return _VARIABLE.sub(fill, text)
