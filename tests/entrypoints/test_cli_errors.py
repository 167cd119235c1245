"""Mistakes in a project, as the person sees them who made them: file, line and remedy, and exit code 2."""

import json
import os
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.office import edit, write_office_project
from xconnector.entrypoints.cli import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_office_project(tmp_path / "small")


def _check(folder: Path, **environment: str) -> tuple[int, str]:
    told = CliRunner().invoke(
        app, ["check", "--project", str(folder)], env={**os.environ, "SMTP_PORT": "2525", **environment}
    )
    assert "Traceback" not in told.output
    return told.exit_code, " ".join(told.stderr.split())


def test_an_unknown_field_is_told_with_file_and_line(folder: Path) -> None:
    edit(folder, "xconnector.yaml", "tls: none", "tls: none\n    colour: blue")
    code, told = _check(folder)

    assert code == 2
    assert "xconnector.yaml:11" in told
    assert "colour" in told


def test_a_missing_environment_variable_is_told_with_file_line_and_name(folder: Path) -> None:
    told = CliRunner().invoke(app, ["check", "--project", str(folder)], env={"SMTP_PORT": None})

    assert told.exit_code == 2
    assert "xconnector.yaml:" in told.stderr
    assert "SMTP_PORT" in told.stderr


def test_a_link_among_the_templates_is_refused(folder: Path) -> None:
    (folder / "templates" / "notice" / "stolen.typ").symlink_to("/etc/passwd")
    code, told = _check(folder)

    assert code == 2
    assert "templates/notice/stolen.typ" in told
    assert "symbolic link" in told
    assert "root:" not in told


def test_every_mistake_is_found_at_once(folder: Path) -> None:
    edit(folder, "communications/notice.yaml", "name: notice}", "name: notise}")
    edit(folder, "tables/routing.md", "| print             | compliance", "| printer           | compliance")
    edit(folder, "xconnector.yaml", "currency: EUR", "currency: EURO")
    told = CliRunner().invoke(
        app, ["check", "--project", str(folder), "--json"], env={**os.environ, "SMTP_PORT": "2525"}
    )

    assert told.exit_code == 2
    findings = json.loads(told.stdout)["findings"]
    assert {finding["file"] for finding in findings} >= {"communications/notice.yaml", "tables/routing.md"}
    assert all(finding["line"] > 0 and finding["remedy"] for finding in findings)


@pytest.mark.parametrize("verb", ["status", "worker", "reconcile"])
def test_a_verb_on_a_wrong_project_says_what_check_says(folder: Path, verb: str) -> None:
    edit(folder, "xconnector.yaml", "project: small", "projekt: small")
    told = CliRunner().invoke(app, [verb, "--project", str(folder)], env={**os.environ, "SMTP_PORT": "2525"})

    assert told.exit_code == 2
    assert "projekt" in told.stderr
    assert "Traceback" not in told.output


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    code, told = _check(tmp_path)

    assert code == 2
    assert "xconnector.yaml" in told


def test_a_database_that_is_not_there_is_told_without_its_password(folder: Path) -> None:
    told = CliRunner().invoke(
        app,
        ["status", "--project", str(folder)],
        env={
            **os.environ,
            "SMTP_PORT": "2525",
            "XCONNECTOR_DATABASE_URL": "postgresql://xc:topsecret@127.0.0.1:1/none?connect_timeout=1",
        },
    )

    assert told.exit_code == 2
    assert "topsecret" not in told.output
    assert "127.0.0.1" in told.stderr


def test_the_version_is_told() -> None:
    told = CliRunner().invoke(app, ["--version"])

    assert told.exit_code == 0
    assert told.stdout == f"xconnector {version('xconnector')}\n"
