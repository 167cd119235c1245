"""Mails that come back, as mail systems of several kinds write them."""

BOUNDARY = "boundary-of-the-test"


def report(*groups: str, prose: str = "Your message could not be delivered.", kind: str = "delivery-status") -> bytes:
    """Return a multipart/report (RFC 6522) with one part of fields."""
    fields = "\n\n".join(groups)
    return f"""\
From: Mail Delivery System <MAILER-DAEMON@relay.test>
To: bounces@sender.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="{BOUNDARY}"

--{BOUNDARY}
Content-Type: text/plain; charset=us-ascii

{prose}

--{BOUNDARY}
Content-Type: message/{kind}

{fields}

--{BOUNDARY}
Content-Type: text/rfc822-headers

From: bank@sender.test
To: anna@customers.test
Subject: Your spam folder and your full mailbox

--{BOUNDARY}--
""".encode()


def of_recipient(action: str, status: str, diagnostic: str = "", recipient: str = "rfc822; anna@customers.test") -> str:
    lines = [f"Final-Recipient: {recipient}", f"Action: {action}", f"Status: {status}"]
    return "\n".join([*lines, f"Diagnostic-Code: smtp; {diagnostic}"] if diagnostic else lines)


def prose(text: str, *fields: str, sender: str = "MAILER-DAEMON@old.test", subject: str = "failure notice") -> bytes:
    head = "\n".join([f"From: {sender}", "To: bounces@sender.test", f"Subject: {subject}", *fields])
    return f"{head}\n\n{text}\n".encode()


QMAIL = """\
Hi. This is the qmail-send program at old.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<anna@customers.test>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 <anna@customers.test>... User unknown
Giving up on 192.0.2.1.

<bert@customers.test>:
The users mailfolder is over the allowed quota (size). (#5.2.2)

--- Below this line is a copy of the message.

Return-Path: <bounces@sender.test>
Subject: your mail was blocked as spam
"""
EXIM = """\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  anna@customers.test
    SMTP error from remote mail server after RCPT TO:<anna@customers.test>:
    host mx.customers.test [192.0.2.1]: 554 5.7.1 Service unavailable;
    Client host [198.51.100.7] blocked using zen.spamhaus.org

------ This is a copy of the message, including all the headers. ------

From: bank@sender.test
"""
SENDMAIL = """\
The original message was received at Mon, 23 Nov 2026 09:00:00 +0100
from localhost

   ----- The following addresses had permanent fatal errors -----
<anna@customers.test>
    (reason: 552 5.2.2 Over quota)

   ----- Transcript of session follows -----
... while talking to mx.customers.test.:
>>> DATA
<<< 552 5.2.2 Over quota
554 5.0.0 Service unavailable
"""
EXCHANGE = """\
<html><head><title>Undeliverable</title><style>p {color: red}</style></head><body>
<p><b>Delivery has failed to these recipients or groups:</b></p>
<p><a href="mailto:anna@customers.test">anna@customers.test</a><br>
The e-mail address you entered couldn't be found. Please check the recipient's e-mail address.</p>
<p>Diagnostic information for administrators:</p>
<p>Generating server: mx.customers.test</p>
<p>anna@customers.test<br>#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##</p>
</body></html>
"""
GMAIL = """\
Delivery to the following recipient failed permanently:

     anna@customers.test

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the server for the recipient domain customers.test.

The error that the other server returned was:
550 5.2.1 The email account that you tried to reach is disabled.

----- Original message -----

Subject: user unknown
"""
NOTES = """\
Your message

  Subject: Your new virus protection

was not delivered to:

  anna@customers.test

because:

  User anna (anna@customers.test) not listed in Domino Directory
"""
LATE = """\
This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on relay.test.

The address to which the message has not yet been delivered is:

  anna@customers.test
    Delay reason: mx.customers.test [192.0.2.1]: Connection timed out

No action is required on your part. Delivery attempts will continue for
some time.
"""
EXCHANGE_2003 = """\
Your message

  To:      anna@customers.test
  Subject: Your mailbox is full of spam
  Sent:    Mon, 23 Nov 2026 09:00:00 +0100

did not reach the following recipient(s):

anna@customers.test on Mon, 23 Nov 2026 09:00:00 +0100
    The e-mail account does not exist at the organization this message was
    sent to. Check the e-mail address.
    <mx.customers.test #5.1.1>
"""
OPENSMTPD = """\
    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

anna@customers.test: No MX found for domain

    Below is a copy of the original message:

Received: from bank.sender.test
"""
OF_A_CARRIER = """\
Could not be delivered to: <anna@customers.test>
As their mailbox is full.
"""
SENDMAIL_LATE = """\
    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

The original message was received at Mon, 23 Nov 2026 09:00:00 +0100
from localhost

   ----- The following addresses had transient non-fatal errors -----
<anna@customers.test>

   ----- Transcript of session follows -----
451 4.4.1 reply: read error from mx.customers.test.
<anna@customers.test>... Deferred: Connection timed out with mx.customers.test.
Warning: message still undelivered after 4 hours
Will keep trying until message is 5 days old
"""
MAILMARSHAL = """\
Your message:
    From:    bank@sender.test
    Subject: Your spam folder
Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
    anna@customers.test
"""
