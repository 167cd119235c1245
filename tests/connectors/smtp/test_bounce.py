"""What comes back, as delivery events."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.smtp.bounce import UnattributableMailError, events_of
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason
from xconnector.domain.reference_token import Purpose, sign

SECRET = b"a secret of some length"
KEY = "01970000-0000-7000-8000-000000000001-0"
OTHER_KEY = "01970000-0000-7000-8000-000000000002-1-r1"
TOKEN = sign(KEY, Purpose.RETURN, SECRET)
VERP = f"Delivered-To: b+{TOKEN}@bounces.test\n"
ARRIVED_AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)

REPORT = """\
From: MAILER-DAEMON@relay.test (Mail Delivery System)
Date: Mon, 23 Nov 2026 09:00:00 +0100
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.test
Original-Envelope-Id: {envelope_id}

{recipients}

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: Ihre Police

--b--
"""


def group(action: str, status: str, diagnostic: str = "", recipient: str = "anna@customers.test") -> str:
    lines = [f"Final-Recipient: rfc822; {recipient}", f"Action: {action}", f"Status: {status}"]
    return "\n".join([*lines, f"Diagnostic-Code: smtp; {diagnostic}"] if diagnostic else lines)


def report(*recipients: str, envelope_id: str = "", message_id: str = "", verp: str = VERP) -> bytes:
    filled = REPORT.format(envelope_id=envelope_id, message_id=message_id, recipients="\n\n".join(recipients))
    return (verp + filled).encode()


def events(mail: bytes) -> list[DeliveryEvent]:
    return list(events_of(mail, secret=SECRET, arrived_at=ARRIVED_AT))


def only(mail: bytes) -> DeliveryEvent:
    (event,) = events(mail)
    return event


@pytest.mark.parametrize(
    "action, status, diagnostic, kind, reason, final",
    [
        ("failed", "5.1.1", "550 5.1.1 user unknown", "bounced", "address", True),
        ("failed", "5.0.0", "550 no such user here", "bounced", "address", True),
        ("failed", "5.7.1", "554 5.7.1 blocked using zen.spamhaus.org", "bounced", "blocked", True),
        ("failed", "5.2.2", "552 5.2.2 mailbox full", "bounced", "mailbox_full", True),
        ("failed", "5.1.1", "550 5.1.1 account is over quota", "bounced", "mailbox_full", True),
        ("failed", "5.3.4", "552 5.3.4 message size exceeds limit", "bounced", "content", True),
        ("failed", "5.0.0", "", "bounced", "other", True),
        ("failed", "4.2.2", "452 4.2.2 mailbox full", "expired", "mailbox_full", True),
        ("failed", "4.4.7", "", "expired", "unreachable", True),
        ("failed", "4.4.2", "550 5.1.1 user unknown", "bounced", "address", True),
        ("delayed", "4.4.1", "connect to mx.test: Connection timed out", "deferred", "unreachable", False),
        ("relayed", "2.0.0", "250 2.0.0 Ok", "sent", None, True),
        ("expanded", "2.0.0", "", "sent", None, True),
        ("delivered", "2.0.0", "250 2.0.0 Ok", "delivered", None, True),
        ("Failed (permanently)", "5.1.1", "", "bounced", "address", True),
        ("error", "5.0.0", "Domain does not exist", "bounced", "address", True),
        ("exploded", "2.0.0", "", "unknown", None, False),
    ],
)
def test_a_report_says_what_became_of_it_and_why(
    *, action: str, status: str, diagnostic: str, kind: str, reason: str | None, final: bool
) -> None:
    event = only(report(group(action, status, diagnostic)))

    assert (event.dispatch_key, event.type.value, event.reason and event.reason.value, event.final) == (
        KEY,
        kind,
        reason,
        final,
    )


def test_a_mailbox_called_spam_is_no_verdict_on_the_content() -> None:
    event = only(report(group("failed", "5.1.1", "550 5.1.1 <spam@blocked.test>: User unknown")))

    assert event.reason is DeliveryReason.ADDRESS


def test_a_detail_holds_codes_and_our_words_and_no_address() -> None:
    event = only(report(group("failed", "5.1.1", "550 5.1.1 <anna@customers.test>: User unknown")))

    assert event.detail == "5.1.1 550 there is no such mailbox"


def test_each_recipient_of_a_report_has_an_event() -> None:
    mail = report(group("failed", "5.1.1"), group("delayed", "4.2.1"), group("relayed", "2.0.0"))

    assert [event.type for event in events(mail)] == [
        DeliveryEventType.BOUNCED,
        DeliveryEventType.DEFERRED,
        DeliveryEventType.SENT,
    ]


def test_the_address_it_came_to_says_whose_it_is() -> None:
    other = sign(OTHER_KEY, Purpose.RETURN, SECRET)

    assert only(report(group("failed", "5.1.1"), envelope_id=other, message_id=f"<{other}@x>")).dispatch_key == KEY


def test_without_that_the_envelope_id_does_and_then_the_message_id() -> None:
    other = sign(OTHER_KEY, Purpose.RETURN, SECRET)

    by_envelope_id = report(group("failed", "5.1.1"), envelope_id=TOKEN, message_id=f"<{other}@x>", verp="")
    by_message_id = report(group("failed", "5.1.1"), message_id=f"<{other.upper()}@x>", verp="")

    assert only(by_envelope_id).dispatch_key == KEY
    assert only(by_message_id).dispatch_key == OTHER_KEY


@pytest.mark.parametrize("verp", ["", f"Delivered-To: b+{sign(KEY, Purpose.RETURN, b'forged')}@bounces.test\n"])
def test_a_mail_without_a_reference_that_we_signed_is_nobodys(verp: str) -> None:
    with pytest.raises(UnattributableMailError):
        events(report(group("failed", "5.1.1"), verp=verp))


def test_an_event_is_dated_by_the_mail_but_never_after_its_arrival() -> None:
    assert only(report(group("failed", "5.1.1"))).occurred_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    late = report(group("failed", "5.1.1")).replace(b"23 Nov 2026", b"24 Nov 2026")
    undated = report(group("failed", "5.1.1")).replace(b"Date:", b"X-Date:")
    assert only(late).occurred_at == only(undated).occurred_at == ARRIVED_AT


def test_a_report_with_a_broken_structure_is_read_all_the_same() -> None:
    mail = report(group("failed", "5.1.1", "550 user unknown")).replace(b'boundary="b"', b'boundary="lost"')

    event = only(mail)

    assert (event.type, event.reason) == (DeliveryEventType.BOUNCED, DeliveryReason.ADDRESS)


@pytest.mark.parametrize(
    "marked",
    [
        "Auto-Submitted: auto-replied",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "Subject: Abwesenheitsnotiz",
        "Subject: Automatic reply: Ihre Police",
    ],
)
def test_a_vacation_is_no_bounce(marked: str) -> None:
    mail = f"{VERP}From: anna@customers.test\n{marked}\n\nI am away and will not deliver answers.\n"

    event = only(mail.encode())

    assert (event.type, event.final) == (DeliveryEventType.AUTOREPLIED, False)


def test_prose_of_a_mail_system_is_a_bounce_with_its_reason() -> None:
    mail = (
        f"{VERP}From: Mailer-Daemon@old.test\nSubject: failure notice\n\n<anna@x.test>:\nno mailbox here by that name\n"
    )

    event = only(mail.encode())

    assert (event.type, event.reason, event.final) == (DeliveryEventType.BOUNCED, DeliveryReason.ADDRESS, True)


def test_prose_that_says_it_still_tries_is_a_delay() -> None:
    mail = (
        f"{VERP}From: Mailer-Daemon@old.test\nSubject: Warning\n\nI will continue to try. You do not need to resend.\n"
    )

    event = only(mail.encode())

    assert (event.type, event.final) == (DeliveryEventType.DEFERRED, False)


def test_what_a_returned_mail_says_is_not_what_the_mail_system_says() -> None:
    mail = (
        f"{VERP}From: Mailer-Daemon@old.test\nSubject: failure notice\n\n550 no such user\n\n"
        "--- Below this line is a copy of the message.\n\nYour mailbox is full of spam? We will continue to try!\n"
    )

    event = only(mail.encode())

    assert (event.type, event.reason) == (DeliveryEventType.BOUNCED, DeliveryReason.ADDRESS)


@pytest.mark.parametrize(
    "feedback, kind",
    [("abuse", "complained"), ("fraud", "complained"), ("opt-out", "unsubscribed"), ("auth-failure", "unknown")],
)
def test_a_complaint_is_told_from_other_feedback(feedback: str, kind: str) -> None:
    mail = (
        f"From: fbl@provider.test\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\nThis is a complaint.\n\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {feedback}\nVersion: 1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{TOKEN}@bounces.test>\n\n--b--\n"
    )

    assert only(mail.encode()).type.value == kind


def test_a_mail_of_ours_that_says_nothing_we_know_is_unknown_and_kept_raw() -> None:
    mail = f"{VERP}From: anna@customers.test\nSubject: Re: Ihre Police\n\nDanke!\n".encode()

    event = only(mail)

    assert (event.type, event.final, event.raw) == (DeliveryEventType.UNKNOWN, False, mail)


def test_a_mail_nested_beyond_reason_is_still_attributed() -> None:
    levels = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3000))

    assert only(f"{VERP}MIME-Version: 1.0\n{levels}".encode()).dispatch_key == KEY


@given(st.binary(max_size=2000))
def test_any_bytes_behind_our_address_give_an_event(content: bytes) -> None:
    for event in events(VERP.encode() + content):
        assert event.dispatch_key == KEY


@given(st.binary(max_size=500), st.integers(0, 1200))
def test_any_damage_to_a_report_is_survived(noise: bytes, position: int) -> None:
    mail = report(group("failed", "5.1.1", "550 user unknown"))
    cut = len(VERP) + position

    assert events(mail[:cut] + noise + mail[cut:])
