"""Which version of a mapping counts on which day."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.project.conftest import ProjectFolder
from xconnector.domain.strict_json import Json
from xconnector.project.mapping import MappingError, RecordMapping
from xconnector.project.mapping_text import parse_mapping
from xconnector.project.mapping_versions import (
    VersionNameError,
    kept_form,
    read_kept_mapping,
    read_version_name,
    versions_of,
)
from xconnector.project.shipped_mappings import shipped_mapping, shipped_names
from xconnector.project.yaml_file import YamlFile

THIN = "customer: id\nfields: {number: n}\n"
DAY = date(2026, 1, 1)


def mapping(name: str) -> RecordMapping:
    content: Json = {"customer": "id", "fields": {"x": name}}
    found, wrong = parse_mapping(name, YamlFile(file=name, content=content, lines={}))
    assert found is not None, wrong
    return found


@given(days=st.sets(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=5), day=st.dates())
def test_the_version_that_began_last_counts(days: set[date], day: date) -> None:
    files = {"m": mapping("m"), **{f"m@{one}": mapping(f"m@{one}") for one in days}}
    begun = [one for one in days if one <= day]

    assert versions_of(files)["m"].on(day).name == (f"m@{max(begun)}" if begun else "m")


def test_before_its_first_version_a_mapping_says_so() -> None:
    versions = versions_of({"m@2026-06-01": mapping("m@2026-06-01")})["m"]

    with pytest.raises(MappingError, match=r"the first begins on 2026-06-01; add mappings/m\.yaml"):
        versions.on(date(2026, 5, 31))


@pytest.mark.parametrize("name", ["m@soon", "m@2026-02-30", "@2026-01-01", "m@2026-01-01@2026-01-02", "m@"])
def test_a_version_is_named_after_a_day(name: str) -> None:
    with pytest.raises(VersionNameError):
        read_version_name(name)


@pytest.mark.parametrize("name", shipped_names())
def test_a_mapping_that_is_kept_is_the_same_when_it_is_read_again(name: str) -> None:
    given_one = shipped_mapping(name)
    assert given_one is not None

    again = read_kept_mapping(kept_form(given_one))

    assert again.sha256 == given_one.sha256
    assert kept_form(again) == kept_form(given_one)
    assert list(again.fields) == sorted(given_one.fields)


def test_a_mapping_that_was_altered_where_it_is_kept_is_not_believed() -> None:
    kept = kept_form(mapping("m"))

    with pytest.raises(MappingError, match="was changed"):
        read_kept_mapping(replace(kept, content=kept.content.replace("id", "no")))


def test_the_order_of_keys_and_comments_make_no_other_version(project_folder: ProjectFolder) -> None:
    one = project_folder.load().mappings["policy"].on(DAY)
    path = project_folder.folder / "mappings/policy.yaml"
    path.write_text(f"# a comment\n{path.read_text(encoding='utf-8')}", encoding="utf-8")

    assert project_folder.load().mappings["policy"].on(DAY).sha256 == one.sha256


def test_a_project_uses_the_version_of_the_day_where_it_is_at_home(project_folder: ProjectFolder) -> None:
    base = (project_folder.folder / "mappings/policy.yaml").read_text(encoding="utf-8")
    (project_folder.folder / "mappings/policy@2026-12-01.yaml").write_text(base, encoding="utf-8")
    loaded = project_folder.load()
    feed = next(feed for feed in loaded.feeds.values() if feed.mapping == "policy")

    # 23:30 in London is the next day in Berlin.
    assert loaded.mapping_of(feed, at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC)).name == "policy@2026-12-01"
    assert loaded.mapping_of(feed, at=datetime(2026, 11, 30, 22, 30, tzinfo=UTC)).name == "policy"


def test_each_version_has_to_give_what_the_communication_needs(project_folder: ProjectFolder) -> None:
    (project_folder.folder / "mappings/policy@2026-12-01.yaml").write_text(THIN, encoding="utf-8")
    (project_folder.folder / "mappings/policy@soon.yaml").write_text(THIN, encoding="utf-8")

    told = project_folder.findings()

    assert any("mapping 'policy@2026-12-01'" in one and "'premium'" in one for one in told)
    assert any("mappings/policy@soon.yaml" in one and "says no day" in one for one in told)
