import json
from collections.abc import Iterator

import pytest
from psycopg.conninfo import make_conninfo

from tests.conftest import own_database
from tests.entrypoints.small_office import Desk
from tests.office import write_office_project

TABLE = """\
| field | sources | rule         | max age | verified | note |
|-------|---------|--------------|---------|----------|------|
| email | crm, *  | source order | -       | -        |      |
"""


@pytest.fixture(scope="module")
def desk(postgres: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Of customers K-7 and K-8 the CRM said one address, and the portal another one later."""
    folder = write_office_project(tmp_path_factory.mktemp("desk") / "small")
    project = folder / "xconnector.yaml"
    project.write_text(f"{project.read_text('utf-8')}\ncustomers: {{sources: [crm, portal]}}\n", "utf-8")
    (folder / "customers").mkdir()
    (folder / "customers/survivorship.md").write_text(TABLE, "utf-8")
    with own_database(postgres, template=migrated_template) as name:
        opened = Desk(folder=folder, database=make_conninfo(postgres, dbname=name), run="")
        for source, day in (("crm", 1), ("portal", 2)):
            file = folder.parent / f"{source}.jsonl"
            said = {"as_of": f"2026-01-0{day}T12:00:00Z", "email": f"{source}@x.test"}
            file.write_text("\n".join(json.dumps({"customer": key, **said}) for key in ("K-7", "K-8")), "utf-8")
            typed(opened, "load", str(file), "--source", source)
        yield opened


def typed(desk: Desk, *words: str) -> str:
    result = desk.type("customers", *words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_one_sentence_says_why_and_a_table_why_not(desk: Desk) -> None:
    told = typed(desk, "why", "K-7", "email").splitlines()

    assert told[0] == (
        "email is crm@x.test: crm said so on 2026-01-01; row 'email' of the table chooses by the rule 'source order'."
    )
    assert "source comes later in the order" in told[-1]
    assert "as of (Europe/Berlin)" in told[2]
    assert "2026-01-02 13:00:00" in " ".join(told[3:])
    assert typed(desk, "why", "K-7", "mobile") == "mobile has no golden value: no source says anything of it.\n"
    found = json.loads(typed(desk, "why", "K-7", "email", "--at", "2026-01-01T15:00", "--json"))
    assert (found["value"], found["row"], found["losers"]) == ("crm@x.test", "email", [])


def test_an_override_is_shown_explained_and_revoked(desk: Desk) -> None:
    typed(desk, "override", "K-8", "email", "me@x.test", "--reason", "phoned", "--by", "ann", "--until", "2999-12-31")
    (shown,) = json.loads(typed(desk, "show", "K-8", "--json"))["golden"]
    assert (shown["value"], shown["source"], shown["row"]) == ("me@x.test", "override", "override")
    told = typed(desk, "why", "K-8", "email")
    assert "until 2999-12-31: phoned." in told.splitlines()[0]
    assert "overridden: ann said otherwise" in " ".join(told.split())

    assert typed(desk, "override", "K-8", "email", "--revoke", "--reason", "mistake") == "revoked\n"
    (shown,) = json.loads(typed(desk, "show", "K-8", "--json"))["golden"]
    assert (shown["value"], shown["source"], shown["row"], shown["verified"]) == ("crm@x.test", "crm", "email", False)


def test_disagreements_are_counted_without_values_unless_they_are_asked_for(desk: Desk) -> None:
    told = typed(desk, "disagreements", "--field", "email")
    assert "K-7" in told
    assert "x.test" not in told
    assert "crm@x.test / portal@x.test" in typed(desk, "disagreements", "--values")
    found = json.loads(typed(desk, "disagreements", "--sources", "crm, portal", "--json"))
    assert [(one["name"], one["both"], one["differ"]) for one in found["disagreements"]] == [("email", 2, 2)]
    assert typed(desk, "disagreements", "--field", "mobile") == "2 customers: no two sources disagree\n"


@pytest.mark.parametrize(
    "words, told",
    [
        (("override", "K-7", "email", "--reason", "x"), "name a value, or --revoke"),
        (("override", "K-7", "email", "--reason", "x", "--revoke", "--until", "2999-01-01"), "leave out --until"),
        (("override", "K-7", "email", "a", "--reason", "x", "--until", "soon"), "'soon' is no day"),
        (("override", "K-7", "email", "a", "--reason", "x", "--until", "2001-01-01"), "it would have ended already"),
        (("override", "K-7", "address", "Hof 1", "--reason", "x"), "an address is JSON"),
        (("override", "K-9", "email", "a@x.test", "--reason", "x"), "no source ever spoke of this customer"),
        (("override", "K-7", "emial", "a@x.test", "--reason", "x"), "did you mean 'email'?"),
        (("why", "K-9", "email"), "no source spoke of this customer"),
        (("why", "K-7", "email", "--at", "once"), "'once' is no time"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_to_do(desk: Desk, words: tuple[str, ...], told: str) -> None:
    result = desk.type("customers", *words)

    assert result.exit_code == 2
    assert told in result.output
