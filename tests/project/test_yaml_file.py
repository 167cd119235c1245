from pathlib import Path

import pytest

from xconnector.project.yaml_file import YamlFile, read_yaml


def read(folder: Path, content: str | bytes, **environment: str) -> tuple[YamlFile | None, list[str]]:
    path = folder / "f.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    file, findings = read_yaml(path, "f.yaml", environment)
    return file, [str(finding) for finding in findings]


def test_values_are_those_of_yaml_1_2_and_dates_stay_text(tmp_path: Path) -> None:
    file, wrong = read(tmp_path, "a: [1, 0x10, 1.5, yes, true, null, 2026-12-01, on, '1']\n")

    assert wrong == []
    assert file is not None
    assert file.content == {"a": [1, 16, 1.5, "yes", True, None, "2026-12-01", "on", "1"]}


def test_every_key_and_item_knows_its_line(tmp_path: Path) -> None:
    file, _ = read(tmp_path, "a:\n  b:\n    - x\n    - c: 1\n")

    assert file is not None
    assert file.line_of(("a", "b")) == 2
    assert file.line_of(("a", "b", 1, "c")) == 4
    assert file.line_of(("a", "b", 1, "missing")) == 4
    assert file.line_of(("a", "variant", "b")) == 2


def test_the_environment_fills_what_is_asked_of_it(tmp_path: Path) -> None:
    file, wrong = read(tmp_path, 'a: "${HOST:-local}:${PORT}"\nb: $${HOST}\nc: ${EMPTY:-x}\n', PORT="25", EMPTY="")

    assert wrong == []
    assert file is not None
    assert file.content == {"a": "local:25", "b": "${HOST}", "c": "x"}


def test_without_an_environment_text_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("a: ${HOST}\n")
    file, _ = read_yaml(tmp_path / "f.yaml", "f.yaml")

    assert file is not None
    assert file.content == {"a": "${HOST}"}


LAUGHS = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize(
    "content, told",
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: the key 'a' stands there twice"),
        (LAUGHS, "f.yaml:1: anchors and aliases"),
        ("a: {<<: {b: 1}}\nb: *x\n", "f.yaml:2: anchors and aliases"),
        ("[" * 5_000, "f.yaml:1: nested deeper than 24"),
        ("a: !!python/object/apply:os.system [x]\n", "f.yaml:1: the tag 'python/object/apply:os.system'"),
        ("a: !secret x\n", "f.yaml:1: the tag '!secret' is not allowed"),
        ("a: [1\nb: 2\n", "f.yaml:2: no YAML"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: no YAML"),
        ("a: \x01\n", "f.yaml:1: no YAML"),
        (b"a: 1\nb: \xff\n", "f.yaml:2: byte 9 is not UTF-8"),
        ("", "f.yaml:1: the file is empty"),
        ("x" * 1_100_000, "f.yaml:1: the file has more than"),
        ("? [a, b]\n: c\n", "f.yaml:1: a key must be text"),
        ("a: .inf\n", "f.yaml:1: this number cannot be read"),
        ("a: 1\nb: ${MISSING}\n", "f.yaml:2: the environment has no variable MISSING → set MISSING"),
        ("a: ${not closed\n", "f.yaml:1: ${ begins no variable"),
    ],
)
def test_what_is_not_plain_yaml_is_told_with_its_line(tmp_path: Path, content: str | bytes, told: str) -> None:
    _, wrong = read(tmp_path, content)

    assert [finding for finding in wrong if finding.startswith(told)], wrong


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file, wrong = read_yaml(tmp_path / "absent.yaml", "absent.yaml")

    assert file is None
    assert str(wrong[0]).startswith("absent.yaml:1: the file cannot be read: No such file")
