"""Feeds of webhook connections: a record has one feed, by its type or because there is one."""

from pathlib import Path

import pytest

from xconnector.project.findings import ProjectError
from xconnector.project.load import load_project
from xconnector.testing.small_project import write_small_project

ENVIRONMENT = {"SMTP_PORT": "2525", "PRINT_PORT": "2222", "PRINT_HOST_KEY": "ssh-ed25519 AAAA"}
TOKEN = 'proof: {token: {header: X-Token, secrets: ["a-token-that-is-long-enough"]}}'
FEED = "{connection: crm, event: com.small.%s, mapping: notice}"


def findings(folder: Path, connection: str, *feeds: str) -> list[str]:
    file = write_small_project(folder) / "xconnector.yaml"
    lines = "".join(f"  crm_{name}: {FEED % name}\n" for name in feeds)
    text = file.read_text().replace("connections:\n", f"connections:\n  crm: {{connector: webhook, {connection}}}\n", 1)
    file.write_text(text.replace("feeds:\n", f"feeds:\n{lines}", 1))
    try:
        load_project(folder, ENVIRONMENT)
    except ProjectError as wrong:
        return [str(finding) for finding in wrong.findings]
    return []


@pytest.mark.parametrize(
    "connection, feeds",
    [
        (f"key: [id], {TOKEN}", ["a"]),
        (f"key: [id], type: type, {TOKEN}", ["a", "b"]),
        (f"key: [id], type: type, {TOKEN}", []),
        (f"shape: cloudevents, {TOKEN}", []),
    ],
)
def test_whose_type_is_known_has_a_feed(tmp_path: Path, connection: str, feeds: list[str]) -> None:
    assert findings(tmp_path, connection, *feeds) == []


@pytest.mark.parametrize("feeds", [[], ["a", "b"]])
def test_records_without_a_type_need_exactly_one_feed(tmp_path: Path, feeds: list[str]) -> None:
    (finding,) = findings(tmp_path, f"key: [id], {TOKEN}", *feeds)

    assert f"{len(feeds)} feeds take the webhooks of connection 'crm'" in finding
    assert "`type`" in finding


def test_what_anybody_may_send_is_no_connection(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, "key: [id], proof: {}", "a")

    assert "say how the sender proves who it is" in finding
