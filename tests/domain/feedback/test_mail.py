"""What comes back by mail, as signals."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.feedback import mails
from tests.domain.feedback.mails import of_recipient, prose, report
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.mail import signals_of_mail
from xconnector.domain.feedback.mime import MOST_OCTETS, read_mail
from xconnector.domain.feedback.signal import BounceClass, Signal

ANNA = "anna@customers.test"


def signals(mail: bytes) -> list[Signal]:
    return list(signals_of_mail(read_mail(mail)))


def only(mail: bytes) -> Signal:
    (signal,) = signals(mail)
    return signal


def told(signal: Signal) -> tuple[str, str | None, str | None, str | None, bool]:
    return (signal.type, signal.bounce_class, signal.reason, signal.recipient, signal.final)


# ---------------------------------------------------------------- reports by the book


@pytest.mark.parametrize(
    "action, status, diagnostic, expected",
    [
        ("failed", "5.1.1", "550 5.1.1 User unknown", ("bounced", "hard", "address", ANNA, True)),
        ("failed", "5.7.1", "550 5.7.1 No such user!", ("bounced", "hard", "address", ANNA, True)),
        ("failed", "5.1.1", "554 blocked using zen.spamhaus.org", ("bounced", "soft", "blocked", ANNA, True)),
        ("failed", "5.2.2", "552 5.2.2 mailbox full", ("bounced", "soft", "mailbox_full", ANNA, True)),
        ("failed", "4.2.2", "452 4.2.2 mailbox full", ("expired", "soft", "mailbox_full", ANNA, True)),
        ("failed", "4.1.1", "450 4.1.1 User unknown", ("bounced", "hard", "address", ANNA, True)),
        ("failed", "4.4.7", "", ("expired", "soft", "unreachable", ANNA, True)),
        ("failed", "5.4.4", "", ("bounced", "hard", "address", ANNA, True)),
        ("failed", "5.2.1", "", ("bounced", "soft", "address", ANNA, True)),
        ("failed", "5.3.4", "552 message too big", ("bounced", "soft", "content", ANNA, True)),
        ("failed", "5.0.0", "", ("bounced", "soft", "other", ANNA, True)),
        ("delayed", "4.4.1", "Connection timed out", ("deferred", "soft", "unreachable", ANNA, False)),
        ("delayed", "4.1.1", "450 user unknown", ("deferred", "soft", "address", ANNA, False)),
        ("relayed", "2.0.0", "", ("sent", None, None, ANNA, True)),
        ("expanded", "2.0.0", "", ("sent", None, None, ANNA, True)),
        ("delivered", "2.0.0", "250 Ok", ("delivered", None, None, ANNA, True)),
        ("FAILED (for good)", "5.1.1", "", ("bounced", "hard", "address", ANNA, True)),
        ("", "5.1.1", "", ("bounced", "hard", "address", ANNA, True)),
        ("exploded", "2.0.0", "", ("unknown", None, None, ANNA, False)),
    ],
)
def test_outcome_class_and_reason_are_told_apart(
    action: str, status: str, diagnostic: str, expected: tuple[str, str | None, str | None, str, bool]
) -> None:
    assert told(only(report(of_recipient(action, status, diagnostic)))) == expected


def test_each_recipient_has_a_signal_of_its_own() -> None:
    mail = report(
        "Reporting-MTA: dns; relay.test",
        of_recipient("failed", "5.1.1", recipient="rfc822; anna@customers.test"),
        of_recipient("delayed", "4.2.2", recipient="rfc822; bert@customers.test"),
        of_recipient("delivered", "2.0.0", recipient="rfc822; carl@customers.test"),
    )

    assert [(one.type.value, one.recipient) for one in signals(mail)] == [
        ("bounced", "anna@customers.test"),
        ("deferred", "bert@customers.test"),
        ("delivered", "carl@customers.test"),
    ]


def test_groups_without_blank_lines_between_them_are_told_apart() -> None:
    groups = "\n".join(
        [
            "Reporting-MTA: dns; relay.test",
            of_recipient("failed", "5.1.1", recipient="rfc822; anna@customers.test"),
            of_recipient("failed", "5.2.2", recipient="rfc822; bert@customers.test"),
        ]
    )

    assert [(one.recipient, one.reason) for one in signals(report(groups))] == [
        ("anna@customers.test", "address"),
        ("bert@customers.test", "mailbox_full"),
    ]


def test_the_same_recipient_told_twice_is_told_once() -> None:
    assert len(signals(report(*[of_recipient("failed", "5.1.1")] * 11))) == 1


def test_the_address_that_we_wrote_to_counts_before_the_one_it_was_forwarded_to() -> None:
    group = f"Original-Recipient: rfc822;{ANNA}\n" + of_recipient("failed", "5.1.1", recipient="rfc822;x@hidden.test")

    assert only(report(group)).recipient == ANNA


@pytest.mark.parametrize(
    "field, address",
    [
        ("rfc822; <anna@customers.test>", "anna@customers.test"),
        ("RFC822;anna@customers.test", "anna@customers.test"),
        ("anna@customers.test", "anna@customers.test"),
        (r"utf-8; j\x{f6}rg@customers.test", "jörg@customers.test"),
        ("utf-8; jörg@bücher.test", "jörg@bücher.test"),
    ],
)
def test_recipients_are_read_as_they_are_spelled(field: str, address: str) -> None:
    assert only(report(of_recipient("failed", "5.1.1", recipient=field))).recipient == address


def test_a_report_of_utf_8_names_counts_as_much() -> None:
    mail = report(of_recipient("failed", "5.1.1", recipient="utf-8; jörg@bücher.test"), kind="global-delivery-status")

    assert told(only(mail)) == ("bounced", "hard", "address", "jörg@bücher.test", True)


def test_where_the_report_does_not_say_why_the_words_beside_it_do() -> None:
    mail = report(of_recipient("failed", "5.0.0"), prose="<anna@customers.test>: 552 5.2.2 mailbox is full")

    assert (only(mail).reason, only(mail).status_code) == ("mailbox_full", "5.2.2")


def test_what_the_reporting_system_made_of_it_counts_where_its_words_say_nothing() -> None:
    sorted_by = of_recipient("failed", "5.0.0", "550 x") + "\nX-PowerMTA-BounceCategory: bad-mailbox"

    assert told(only(report(sorted_by))) == ("bounced", "hard", "address", ANNA, True)


def test_what_the_returned_mail_says_is_no_reason() -> None:
    assert only(report(of_recipient("failed", "5.0.0"))).reason == "other"


def test_a_report_whose_structure_is_broken_is_read_all_the_same() -> None:
    mail = report(of_recipient("failed", "5.1.1", "550 user unknown"))

    for broken in (
        mail.replace(b'boundary="boundary-of-the-test"', b'boundary="lost"'),
        mail.replace(b'; boundary="boundary-of-the-test"', b""),
        mail.replace(b"multipart/report", b"text/plain"),
        mail.replace(b"message/delivery-status", b"text/plain"),
        mail.replace(b"--boundary-of-the-test--", b""),
        mail.replace(b"\n", b"\r\n"),
        mail.replace(b"\n\n--boundary", b"\n--boundary", 1),
        b"From relay Mon Nov 23 09:00:00 2026\n" + mail,
    ):
        assert told(only(broken)) == ("bounced", "hard", "address", ANNA, True)


def test_a_report_in_base64_is_read() -> None:
    group = of_recipient("failed", "5.1.1")
    packed = base64.encodebytes(group.encode()).decode()
    mail = report(group).replace(
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n",
    )

    assert told(only(mail.replace(group.encode(), packed.encode()))) == ("bounced", "hard", "address", ANNA, True)


def test_a_report_that_a_gateway_packed_into_another_mail_is_found() -> None:
    outer = b"From: postmaster@gateway.test\nSubject: FW\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n"
    mail = outer + b"Content-Type: message/rfc822\n\n" + report(of_recipient("failed", "5.1.1")) + b"\n--outer--\n"

    assert told(only(mail)) == ("bounced", "hard", "address", ANNA, True)


# ---------------------------------------------------------------- bounces for people


@pytest.mark.parametrize(
    "mail, expected",
    [
        (prose(mails.EXIM, subject="Mail delivery failed"), [("bounced", "soft", "blocked", ANNA, True)]),
        (prose(mails.SENDMAIL, subject="Returned mail"), [("bounced", "soft", "mailbox_full", ANNA, True)]),
        (
            prose(mails.EXCHANGE, "Content-Type: text/html", sender="postmaster@x.test", subject="Undeliverable: x"),
            [("bounced", "hard", "address", ANNA, True)],
        ),
        (prose(mails.EXCHANGE_2003, subject="Undeliverable: x"), [("bounced", "hard", "address", ANNA, True)]),
        (prose(mails.OPENSMTPD, subject="Delivery status notification"), [("bounced", "hard", "address", ANNA, True)]),
        (prose(mails.OF_A_CARRIER, subject="Delivery failure"), [("bounced", "soft", "mailbox_full", ANNA, True)]),
        (prose(mails.SENDMAIL_LATE, subject="Warning"), [("deferred", "soft", "unreachable", ANNA, False)]),
        (prose(mails.MAILMARSHAL, subject="Undeliverable Mail"), [("bounced", "hard", "address", ANNA, True)]),
        (prose(mails.GMAIL, f"X-Failed-Recipients: {ANNA}"), [("bounced", "soft", "address", ANNA, True)]),
        (prose(mails.NOTES, subject="DELIVERY FAILURE"), [("bounced", "hard", "address", ANNA, True)]),
        (prose(mails.LATE, subject="Warning: delayed"), [("deferred", "soft", "unreachable", ANNA, False)]),
        (
            prose(mails.QMAIL),
            [
                ("bounced", "hard", "address", "anna@customers.test", True),
                ("bounced", "soft", "mailbox_full", "bert@customers.test", True),
            ],
        ),
    ],
    ids=[
        "exim",
        "sendmail",
        "exchange",
        "exchange_2003",
        "opensmtpd",
        "carrier",
        "sendmail_late",
        "mailmarshal",
        "gmail",
        "notes",
        "late",
        "qmail",
    ],
)
def test_prose_of_mail_systems_is_understood(
    mail: bytes, expected: list[tuple[str, str | None, str | None, str, bool]]
) -> None:
    assert [told(one) for one in signals(mail)] == expected


def test_a_bounce_of_a_system_with_a_name_of_its_own_is_no_absence() -> None:
    said = f"Your message could not be delivered.\n\n{ANNA}: mailbox is full\n"
    mail = prose(said, "Auto-Submitted: auto-replied", sender="inetgw1@old.test", subject="Undeliverable: x")

    assert told(only(mail)) == ("bounced", "soft", "mailbox_full", ANNA, True)


def test_a_bounce_that_names_nobody_is_still_a_bounce() -> None:
    assert told(only(prose("The user is unknown."))) == ("bounced", "hard", "address", None, True)


def test_prose_in_another_charset_than_it_claims_is_read() -> None:
    text = f"<{ANNA}>: Das Postfach ist überfüllt, Speicherplatz erschöpft".encode("latin-1")
    mail = b"From: postmaster@x.test\nContent-Type: text/plain; charset=utf-8\n\n" + text

    assert only(mail).reason == "mailbox_full"


# ---------------------------------------------------------------- everything else


@pytest.mark.parametrize(
    "feedback, kind, final",
    [
        ("abuse", "complained", True),
        ("fraud", "complained", True),
        ("opt-out", "unsubscribed", True),
        ("auth-failure", "unknown", False),
        ("not-spam", "unknown", False),
        ("never heard of", "unknown", False),
    ],
)
def test_a_complaint_is_told_from_other_feedback(feedback: str, kind: str, *, final: bool) -> None:
    fields = f"Feedback-Type: {feedback}\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: <{ANNA}>"

    assert told(only(report(fields, kind="feedback-report"))) == (kind, None, None, ANNA, final)


def test_a_complaint_without_a_recipient_is_about_whom_the_mail_went_to() -> None:
    assert only(report("Feedback-Type: abuse", kind="feedback-report")).recipient == ANNA


def test_a_read_receipt_is_a_weak_word_for_opened() -> None:
    fields = f"Final-Recipient: rfc822;{ANNA}\nDisposition: manual-action/MDN-sent-manually; displayed"
    signal = only(report(fields, kind="disposition-notification"))

    assert told(signal) == ("opened", None, None, ANNA, False)
    assert not signal.by_machine


@pytest.mark.parametrize("word", ["deleted", "dispatched", "processed", "denied", ""])
def test_no_other_receipt_proves_anything(word: str) -> None:
    fields = f"Final-Recipient: rfc822;{ANNA}\nDisposition: manual-action/MDN-sent-manually; {word}"

    assert only(report(fields, kind="disposition-notification")).type == "unknown"


def test_a_filter_that_refuses_by_receipt_gives_the_mail_back() -> None:
    fields = f"Final-Recipient: rfc822;{ANNA}\nDisposition: automatic-action/MDN-sent-automatically; deleted"
    said = "Your message was automatically rejected: quota exceeded"

    assert told(only(report(fields, kind="disposition-notification", prose=said)))[:3] == (
        "bounced",
        "soft",
        "mailbox_full",
    )


@pytest.mark.parametrize(
    "fields, subject",
    [
        (["Auto-Submitted: auto-replied"], "Re: Your policy"),
        (["X-Autoreply: yes"], "Re: Your policy"),
        (["Precedence: auto_reply"], "Re: Your policy"),
        ([], "Out of Office: Your policy"),
        ([], "=?utf-8?Q?Abwesenheitsnotiz=3A_Ihre_Police?="),
        ([], "Automatic reply: Your policy"),
        ([], "Please confirm your message to anna"),
    ],
)
def test_an_absent_person_is_no_bounce(fields: list[str], subject: str) -> None:
    mail = prose("I am away. Undelivered mail waits.", *fields, sender=f"Anna <{ANNA}>", subject=subject)

    assert told(only(mail)) == ("autoreplied", None, None, ANNA, False)


def test_an_absent_person_may_say_so_in_the_first_line_only() -> None:
    mail = prose("I am currently out of the office.", "In-Reply-To: <1@sender.test>", sender=ANNA, subject="Re: x")

    assert only(mail).type == "autoreplied"


def test_a_persons_answer_is_a_response() -> None:
    mail = prose("Thank you!", "In-Reply-To: <1@sender.test>", sender=f"Anna <{ANNA}>", subject="Re: Your policy")

    assert told(only(mail)) == ("responded", None, None, ANNA, False)


def test_what_says_nothing_that_we_know_is_unknown() -> None:
    assert told(only(prose("Hello", sender=ANNA, subject="Hello"))) == ("unknown", None, None, ANNA, False)


# ---------------------------------------------------------------- hostile mails


def test_a_mail_nested_beyond_reason_is_read_as_far_as_reason_goes() -> None:
    levels = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3000))

    assert signals(f"From: postmaster@x.test\nMIME-Version: 1.0\n{levels}".encode())


def test_a_mail_of_very_many_parts_is_read_as_far_as_reason_goes() -> None:
    parts = "--b\nContent-Type: text/plain\n\nx\n" * 100_000
    mail = read_mail(f"From: postmaster@x.test\nContent-Type: multipart/mixed; boundary=b\n\n{parts}".encode())

    assert len(list(mail.walk())) < 200


def test_of_a_mail_of_many_megabytes_the_beginning_is_read() -> None:
    mail = report(of_recipient("failed", "5.1.1")) + b"x" * 10 * MOST_OCTETS

    assert told(only(mail)) == ("bounced", "hard", "address", ANNA, True)


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "rot13", "zlib", "undefined", "unicode_escape", "\x00", "x" * 99]
)
def test_a_charset_that_is_none_of_peoples_is_not_used(charset: str) -> None:
    mail = f"From: postmaster@x.test\nContent-Type: text/plain; charset={charset}\n\nuser unknown {ANNA}\n"

    assert told(only(mail.encode())) == ("bounced", "hard", "address", ANNA, True)


@pytest.mark.parametrize(
    "hostile",
    [
        b"<" * 500_000,
        b"<!--" * 200_000,
        b"@" * 500_000,
        b"a@" * 300_000,
        b"a." * 300_000,
        b"a@b." * 200_000,
        b"=?" * 300_000,
        b"550 " * 200_000,
        b"\n" * 900_000,
        b" \n" * 400_000,
        b"-- \n" * 200_000,
        b"--b\n" * 200_000,
        b"Final-Recipient: a\nAction: b\n" * 30_000,
        b"for " * 200_000,
        b"=3D" * 300_000,
        b"-" * 500_000,
        b"> " * 300_000,
    ],
    ids=lambda content: content[:12].decode(),
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "multipart/mixed; boundary=b", "message/delivery-status"])
@pytest.mark.timeout(30)
def test_no_mail_takes_long(hostile: bytes, kind: str) -> None:
    head = f"From: postmaster@x.test\nContent-Type: {kind}\nSubject: ".encode()

    assert signals(head + hostile)
    assert signals(head + b"\n\n" + hostile)


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_mail(content: bytes) -> None:
    for signal in signals(content):
        assert signal.type in DeliveryEventType


@given(st.binary(max_size=300), st.integers(0, 1200), st.integers(0, 300))
def test_any_damage_to_a_mail_is_survived(noise: bytes, position: int, lost: int) -> None:
    for mail in (report(of_recipient("failed", "5.1.1", "550 user unknown")), prose(mails.QMAIL)):
        for signal in signals(mail[:position] + noise + mail[position + lost :]):
            assert signal.bounce_class in {None, *BounceClass}
            assert signal.final or signal.bounce_class is not BounceClass.HARD


@given(st.text(max_size=400), st.sampled_from(["failed", "delayed", "delivered", "", "x"]), st.text(max_size=12))
def test_any_report_of_a_recipient_gives_a_signal(diagnostic: str, action: str, status: str) -> None:
    assert signals(report(of_recipient(action, status, diagnostic.replace("\n", " "))))
