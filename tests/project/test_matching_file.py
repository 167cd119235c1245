from pathlib import Path

import pytest

from xconnector.domain.matching.keys import MatchingRules
from xconnector.project.matching_file import read_matching

SOUND = """\
same_when:
  - [tax_id]
  - [email, birth_date]
unless_differ: [birth_date]
ignore:
  mobile: ["+49 30 1234567", 493012345]
  email: [Agency@x.test]
"""


def _read(folder: Path, text: str) -> tuple[MatchingRules, list[str]]:
    (folder / "customers").mkdir(exist_ok=True)
    (folder / "customers" / "matching.yaml").write_text(text, encoding="utf-8")
    rules, findings = read_matching(folder)
    return rules, [str(finding) for finding in findings]


def test_a_field_that_only_the_project_has_may_be_a_key(tmp_path: Path) -> None:
    _read(tmp_path, "same_when:\n  - [loyalty_card]\n")
    _, known = read_matching(tmp_path, ["loyalty_card"])
    _, unknown = read_matching(tmp_path)

    assert (known, len(unknown)) == ([], 1)


def test_without_a_file_there_are_no_rules(tmp_path: Path) -> None:
    assert read_matching(tmp_path) == (MatchingRules(), [])


def test_rules_are_read_in_their_order_and_what_is_ignored_as_it_is_compared(tmp_path: Path) -> None:
    rules, findings = _read(tmp_path, SOUND)

    assert findings == []
    assert [rule.name for rule in rules.rules] == ["tax_id", "email + birth_date"]
    assert rules.ignore == {
        "mobile": frozenset({"0049301234567", "493012345"}),
        "email": frozenset({"agency@x.test"}),
    }
    assert (rules.unless_differ, rules.most) == (("birth_date",), 20)


@pytest.mark.parametrize(
    "old, new, told",
    [
        (
            "[tax_id]",
            "[taxid]",
            "customers/matching.yaml:2: 'taxid' is no field by which customers are known → did you",
        ),
        ("[tax_id]", "[language]", "customers/matching.yaml:2: 'language' is no field"),
        (
            "[tax_id]",
            "[last_name]",
            "customers/matching.yaml:2: 'last_name' alone is shared by people who have nothing",
        ),
        ("[email, birth_date]", "[tax_id, email]", "customers/matching.yaml:3: this rule stands there already"),
        ("[Agency@x.test]", "[n/a]", "customers/matching.yaml:7: this value makes no key anyway → leave it out"),
        ("[tax_id]", "[]", "customers/matching.yaml:2: `same_when.0`"),
        ("unless_differ:", "unles_differ:", "customers/matching.yaml:4: unknown key 'unles_differ' → did you mean"),
        ("[birth_date]", "[birth_date]\nmost: 1", "customers/matching.yaml:5: `most`"),
        ("same_when:\n", "same_when: [\n", "customers/matching.yaml:"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SOUND
    _, findings = _read(tmp_path, SOUND.replace(old, new, 1))

    assert findings
    assert findings[0].startswith(told)
