"""`feedback parse`: one line of JSON for each file, without project and database."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from tests.domain.feedback.mails import of_recipient, report
from xconnector.entrypoints.cli import app

POSTMARK: dict[str, Any] = {
    "headers": {},
    "body": json.dumps({"RecordType": "Open", "Recipient": "anna@customers.test"}),
}


def parse(*words: str) -> Result:
    return CliRunner().invoke(app, ["feedback", "parse", *words])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_file_is_one_line(tmp_path: Path) -> None:
    mail, request = tmp_path / "bounce.eml", tmp_path / "opened.json"
    mail.write_bytes(report(of_recipient("failed", "5.2.2", "552 5.2.2 mailbox full")))
    request.write_text(json.dumps(POSTMARK), encoding="utf-8")

    result = parse(str(mail), str(request), "--json")

    assert result.exit_code == 0, result.output
    bounce = {
        "type": "bounced",
        "class": "soft",
        "reason": "mailbox_full",
        "recipient": "anna@customers.test",
        "status_code": "5.2.2",
        "final": True,
    }
    opening = {
        "type": "opened",
        "class": None,
        "reason": None,
        "recipient": "anna@customers.test",
        "status_code": None,
        "final": False,
    }
    assert lines(result) == [
        {"file": str(mail), "events": [bounce], "error": None},
        {"file": str(request), "events": [opening], "error": None},
    ]


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    good, bad, missing = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "missing.json"
    good.write_text(json.dumps(POSTMARK), encoding="utf-8")
    bad.write_text("{", encoding="utf-8")

    result = parse(str(missing), str(bad), str(tmp_path), str(good), "--json")

    assert result.exit_code == 1
    assert [(line["events"] != [], line["error"] is None) for line in lines(result)] == [
        (False, False),
        (False, False),
        (False, False),
        (True, True),
    ]


def test_what_it_is_can_be_said(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"RecordType": "Open"}), encoding="utf-8")

    (by_name,) = lines(parse(str(file), "--as", "sendgrid", "--json"))
    (as_mail,) = lines(parse(str(file), "--as", "email", "--json"))

    assert by_name["events"][0]["type"] == as_mail["events"][0]["type"] == "unknown"


def test_a_format_that_nobody_sends_is_refused(tmp_path: Path) -> None:
    result = parse(str(tmp_path / "x"), "--as", "pigeon")

    assert result.exit_code == 2
    assert "email, ses, sendgrid" in result.output


def test_people_get_a_table(tmp_path: Path) -> None:
    mail = tmp_path / "bounce.eml"
    mail.write_bytes(report(of_recipient("failed", "5.1.1", "550 5.1.1 user unknown")))

    result = parse(str(mail))

    assert result.exit_code == 0
    assert "there is no such mailbox" in result.output


def test_of_a_large_mail_the_beginning_is_read_and_a_large_request_is_refused(tmp_path: Path) -> None:
    mail, request = tmp_path / "large.eml", tmp_path / "large.json"
    mail.write_bytes(report(of_recipient("failed", "5.1.1")) + b"x" * 17 * 1024 * 1024)
    request.write_bytes(b'{"headers": {}, "body": "' + b"x" * 17 * 1024 * 1024 + b'"}')

    of_mail, of_request = lines(parse(str(mail), str(request), "--json"))

    assert of_mail["events"][0]["reason"] == "address"
    assert (of_request["events"], of_request["error"] is None) == ([], False)
