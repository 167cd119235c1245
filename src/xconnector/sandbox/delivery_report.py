"""Reports on mails as real mail systems send them: RFC 3464, and a vacation's reply (RFC 3834)."""

import socket
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from os import getpid
from pathlib import Path

REPORTING_SYSTEM = "relay.sandbox.test"
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a report says became of a mail."""

    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMail:
    """What a report tells of the mail it is about."""

    sender: str
    """Envelope sender: where the report goes."""
    recipient: str
    envelope_id: str | None
    original_recipient: str | None
    header: bytes
    """Of the mail itself, to be returned."""


def delivery_report(mail: ReportedMail, outcome: Outcome, *, now: datetime) -> bytes:
    """Return a delivery status notification on the mail, as Postfix lays it out."""
    boundary = f"report/{REPORTING_SYSTEM}"
    header = (
        f"Date: {format_datetime(now)}",
        f"From: MAILER-DAEMON@{REPORTING_SYSTEM} (Mail Delivery System)",
        f"To: {mail.sender}",
        f"Subject: {_SUBJECTS[outcome.action]}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\n boundary="{boundary}"',
    )
    notification = (
        f"This is the mail system at host {REPORTING_SYSTEM}.",
        "",
        _SENTENCES[outcome.action],
        "",
        f"<{mail.recipient}>: {outcome.diagnostic}",
    )
    about_the_mail = (
        f"Reporting-MTA: dns; {REPORTING_SYSTEM}",
        *([f"Original-Envelope-Id: {mail.envelope_id}"] if mail.envelope_id else []),
        f"Arrival-Date: {format_datetime(now)}",
    )
    about_the_recipient = (
        f"Final-Recipient: rfc822; {mail.recipient}",
        *([f"Original-Recipient: {mail.original_recipient}"] if mail.original_recipient else []),
        f"Action: {outcome.action}",
        f"Status: {outcome.status}",
        "Remote-MTA: dns; mx.customers.test",
        f"Diagnostic-Code: smtp; {outcome.diagnostic}",
    )
    returned = mail.header.decode("utf-8", "replace").replace("\r\n", "\n")
    parts = (
        ("text/plain; charset=us-ascii", "\n".join(notification)),
        ("message/delivery-status", "\n".join((*about_the_mail, "", *about_the_recipient))),
        ("text/rfc822-headers", returned),
    )
    body = "".join(f"--{boundary}\nContent-Type: {kind}\n\n{text}\n\n" for kind, text in parts)
    return ("\n".join(header) + f"\n\n{body}--{boundary}--\n").encode()


def vacation_reply(mail: ReportedMail, *, now: datetime) -> bytes:
    """Return what a vacation program answers."""
    lines = (
        f"Date: {format_datetime(now)}",
        f"From: <{mail.recipient}>",
        f"To: {mail.sender}",
        "Subject: Out of office",
        "Auto-Submitted: auto-replied",
        "",
        "I am on vacation until Monday. In urgent cases please call my colleagues.",
        "",
    )
    return "\n".join(lines).encode()


def put_into_maildir(maildir: Path, content: bytes, *, envelope_recipient: str, now: datetime) -> None:
    """Deliver as a mail server does: written in `tmp`, renamed into `new`, with the envelope above the header."""
    for name in ("tmp", "new", "cur"):
        (maildir / name).mkdir(parents=True, exist_ok=True)
    name = f"{now.timestamp():.6f}.{getpid()}_{next(_numbers)}.{socket.gethostname().partition('.')[0]}"
    envelope = f"Return-Path: <>\nDelivered-To: {envelope_recipient}\n".encode()
    (maildir / "tmp" / name).write_bytes(envelope + content)
    (maildir / "tmp" / name).rename(maildir / "new" / name)


_SUBJECTS = {
    "failed": "Undelivered Mail Returned to Sender",
    "delayed": "Delayed Mail (still being retried)",
    "relayed": "Successful Mail Delivery Report",
}
_SENTENCES = {
    "failed": "I'm sorry to have to inform you that your message could not be delivered.",
    "delayed": "YOU DO NOT NEED TO RESEND YOUR MESSAGE. It is still being retried.",
    "relayed": "Your message was relayed to a system that does not send delivery reports.",
}
