"""What mail systems say, each in its own words, and what it means whatever code stands beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.feedback.diagnosis import diagnosed, plain
from xconnector.domain.feedback.meaning import Meaning as M

# As the providers' own pages for postmasters and the sources of mail servers have them.
SAID: tuple[tuple[str, M], ...] = (
    # Gmail
    ("550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or unnecessary spaces. Learn more at https://support.google.com/mail/?p=NoSuchUser x1si1 - gsmtp", M.NO_SUCH_MAILBOX),
    ("550 5.2.1 The email account that you tried to reach is disabled. Learn more at https://support.google.com/mail/?p=DisabledUser - gsmtp", M.MAILBOX_DISABLED),
    ("552-5.2.2 The email account that you tried to reach is over quota. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaPerm - gsmtp", M.MAILBOX_FULL),
    ("452 4.2.2 The recipient's inbox is out of storage space and inactive.", M.MAILBOX_FULL),
    ("550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", M.NOT_AUTHENTICATED),
    ("550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.", M.NOT_AUTHENTICATED),
    ("550-5.7.1 [192.0.2.1 12] Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, 550-5.7.1 this message has been blocked.", M.SPAM),
    ("550-5.7.1 [192.0.2.1] Our system has detected that this message is 550-5.7.1 likely suspicious due to the very low reputation of the sending IP address.", M.REPUTATION),
    ("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address.", M.TOO_MANY),
    ("450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.", M.TOO_MANY),
    ("550 5.4.5 Daily user sending quota exceeded.", M.TOO_MANY),
    ("552-5.7.0 This message was blocked because its content presents a potential security issue.", M.VIRUS),
    ("552 5.3.4 Your message exceeded Google's message size limits.", M.TOO_LARGE),
    ("550-5.7.25 The IP address sending this message does not have a PTR record setup", M.REPUTATION),
    # Microsoft
    ("550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", M.NO_SUCH_MAILBOX),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", M.NO_SUCH_MAILBOX),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM5EUR02FT.eop-EUR02.prod.protection.outlook.com]", M.NO_SUCH_MAILBOX),
    ("550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", M.SENDER_REFUSED),
    ("550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated", M.SENDER_REFUSED),
    ("554 5.2.2 STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process message due to a permanent exception", M.MAILBOX_FULL),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/", M.REPUTATION),
    ("550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/192.0.2.1 (AS3130)", M.REPUTATION),
    ("550 SC-001 (BAY004-MC1F1) Unfortunately, messages from 192.0.2.1 weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).", M.REPUTATION),
    ("421 RP-001 (SNT004) Unfortunately, some messages from 192.0.2.1 weren't sent. The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed.", M.TOO_MANY),
    ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", M.NO_SUCH_MAILBOX),
    ("550 5.4.310 DNS domain example.invalid does not exist [Message=InfoDomainNonexistent]", M.NO_SUCH_DOMAIN),
    ("450 4.4.316 Connection refused [Message=Socket error code 10061]", M.NOT_REACHED),
    ("550 5.4.300 Message expired -> 421 4.4.1 Connection timed out", M.NOT_REACHED),
    ("550 5.1.8 Access denied, bad outbound sender", M.SENDER_REFUSED),
    ("550 5.6.0 CAT.InvalidContent.Exception", M.CONTENT_REFUSED),
    ("550 5.4.14 Hop count exceeded - possible mail loop ATTR34", M.LOOP),
    # Yahoo and AOL
    ("554 delivery error: dd This user doesn't have a yahoo.com account (nobody@yahoo.com) [0] - mta1.mail.yahoo.com", M.NO_SUCH_MAILBOX),
    ("554 delivery error: dd Sorry your message to nobody@yahoo.com cannot be delivered. This account has been disabled or discontinued [#102].", M.MAILBOX_DISABLED),
    ("552 1 Requested mail action aborted, mailbox not found", M.NO_SUCH_MAILBOX),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints - 4.16.55.1", M.TOO_MANY),
    ("553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list", M.REPUTATION),
    ("554 5.7.9 Message not accepted for policy reasons.  See https://senders.yahooinc.com/error-codes", M.REPUTATION),
    ("554 30 Sorry, your message to nobody@aol.com cannot be delivered. This mailbox is disabled (554.30).", M.MAILBOX_DISABLED),
    # Apple, Comcast, T-Online, GMX, mail.ru, Yandex, QQ
    ("550 5.1.1 <nobody@icloud.com>: user does not exist", M.NO_SUCH_MAILBOX),
    ("552 5.2.2 <nobody@icloud.com>: user is over quota", M.MAILBOX_FULL),
    ("550 5.1.0 <nobody@comcast.net> Account not available", M.NO_SUCH_MAILBOX),
    ("550 user unknown (in reply to RCPT TO command)", M.NO_SUCH_MAILBOX),
    ("550 Requested action not taken: mailbox unavailable invalid DNS MX or A/AAAA resource record", M.SENDER_REFUSED),
    ("554 Transaction failed Reject due to policy restrictions. For explanation visit https://postmaster.gmx.net/", M.POLICY),
    ("550 Message was not accepted -- invalid mailbox.  Local mailbox nobody@mail.ru is unavailable: user not found", M.NO_SUCH_MAILBOX),
    ("550 5.7.1 No such user!", M.NO_SUCH_MAILBOX),
    ("554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc", M.SPAM),
    ("550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000728", M.NO_SUCH_MAILBOX),
    ("550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1", M.SPAM),
    # Postfix
    ("550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown in local recipient table", M.NO_SUCH_MAILBOX),
    ("450 4.1.1 <nobody@example.com>: Recipient address rejected: unverified address: host mx said: 550 unknown user", M.NO_SUCH_MAILBOX),
    ("554 5.7.1 <anna@example.com>: Relay access denied", M.NO_RELAY),
    ("554 5.7.1 <us@example.org>: Sender address rejected: Domain not found", M.SENDER_REFUSED),
    ("450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]", M.REPUTATION),
    ("450 4.2.0 <anna@example.com>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/", M.GREYLISTED),
    ("Host or domain name not found. Name service error for name=example.invalid type=AAAA: Host not found", M.NO_SUCH_DOMAIN),
    ("Host or domain name not found. Name service error for name=example.com type=MX: Host not found, try again", M.NAME_SERVER_FAULT),
    ("connect to mx.example.com[192.0.2.1]:25: Connection timed out", M.NOT_REACHED),
    ("lost connection with mx.example.com[192.0.2.1] while receiving the initial server greeting", M.NOT_REACHED),
    ("552 5.3.4 Message size exceeds fixed limit", M.TOO_LARGE),
    ("message size 20971520 exceeds size limit 10240000 of server mx.example.com", M.TOO_LARGE),
    ("mail for example.com loops back to myself", M.LOOP),
    ("452 4.3.1 Insufficient system storage", M.SYSTEM_FULL),
    ("unable to look up host mx.example.com: Name or service not known", M.NAME_SERVER_FAULT),
    ("Domain example.com does not accept mail (nullMX)", M.TAKES_NO_MAIL),
    ("delivery temporarily suspended: connect to mx.example.com[192.0.2.1]:25: Connection refused", M.NOT_REACHED),
    # Exim
    ("Unrouteable address", M.NO_SUCH_DOMAIN),
    ("all relevant MX records point to non-existent hosts", M.NO_SUCH_DOMAIN),
    ("retry timeout exceeded", M.GAVE_UP),
    ("550 Sender verify failed", M.SENDER_REFUSED),
    ("550 relay not permitted", M.NO_RELAY),
    ("mailbox is full: retry timeout exceeded", M.MAILBOX_FULL),
    # qmail, Sendmail and others
    ("sorry, no mailbox here by that name (#5.1.1)", M.NO_SUCH_MAILBOX),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", M.NO_RELAY),
    ("Sorry, I couldn't find any host named example.invalid. (#5.1.2)", M.NO_SUCH_DOMAIN),
    ("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)", M.NOT_REACHED),
    ("CNAME lookup failed temporarily. (#4.4.3)", M.NAME_SERVER_FAULT),
    ("550 5.1.1 anna... User unknown", M.NO_SUCH_MAILBOX),
    ("550 5.1.2 anna... Host unknown (Name server: example.invalid: host not found)", M.NO_SUCH_DOMAIN),
    ("554 5.4.6 Too many hops 26 (25 max)", M.LOOP),
    ("550 5.7.1 Unable to relay for anna@example.com", M.NO_RELAY),
    ("User anna (anna@example.com) not listed in Domino Directory", M.NO_SUCH_MAILBOX),
    ("550 5.7.1 Your email was detected as spam by MIMEsweeper", M.SPAM),
    ("451 4.7.1 Please try again later (TEMPFAIL): local policy", M.POLICY),
    ("550 Blocked by SpamAssassin: message scored 12.1", M.REPUTATION),
    ("554 5.7.1 Virus found in mail, rejected", M.VIRUS),
    ("550 5.6.0 Missing or invalid From header, see RFC 5322", M.CONTENT_REFUSED),
    ("Empfänger unbekannt", M.NO_SUCH_MAILBOX),
    ("Das Postfach ist voll", M.MAILBOX_FULL),
    ("L'adresse n'existe pas", M.NO_SUCH_MAILBOX),
    ("El usuario no existe", M.NO_SUCH_MAILBOX),
    # Mobile networks, gateways, and mail systems of offices
    ("The user(s) account is temporarily over quota.", M.MAILBOX_FULL),
    ("The user(s) account is disabled.", M.MAILBOX_DISABLED),
    ("550 Unknown user anna@example.com", M.NO_SUCH_MAILBOX),
    ("The e-mail account does not exist at the organization this message was sent to. Check the e-mail address.", M.NO_SUCH_MAILBOX),
    ("550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", M.TOO_LARGE),
    ("There was a SMTP communication problem with the recipient's email server.", M.NOT_REACHED),
    ("DNS Error: DNS type 'mx' lookup of example.invalid responded with code NXDOMAIN Domain name not found: example.invalid", M.NO_SUCH_DOMAIN),
    ("The recipient server did not accept our requests to connect.", M.NOT_REACHED),
    ("Illegal host/domain name found", M.NO_SUCH_DOMAIN),
    ("554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.2 Connection timed out>", M.NOT_REACHED),
    ("User mailbox exceeds allowed size: anna@example.com", M.MAILBOX_FULL),
    ("550 Rejected by header based Anti-Spoofing policy: anna@example.com", M.SENDER_REFUSED),
    ("550 Recipient email address is possibly incorrect", M.NO_SUCH_MAILBOX),
    ('Command died with status 1: "/usr/bin/procmail"', M.SYSTEM_FAULT),
    ("550 5.1.1 RCP-P2 https://postmaster.facebook.com/response_codes Refused due to recipient preferences", M.SENDER_REFUSED),
    ("502 5.5.1 Command not implemented", M.PROTOCOL),
    # Codes whose words say nothing
    ("550 5.1.1", M.NO_SUCH_MAILBOX),
    ("smtp; 552 5.2.2", M.MAILBOX_FULL),
    ("451 4.7.1", M.POLICY),
    ("552", M.MAILBOX_FULL),
    ("556", M.TAKES_NO_MAIL),
    ("", M.OTHER),
)  # fmt: skip


@pytest.mark.parametrize("words, meaning", SAID, ids=[said[:60] for said, _ in SAID])
def test_words_count_before_the_code_beside_them(words: str, meaning: M) -> None:
    assert diagnosed(words).meaning is meaning


@pytest.mark.parametrize(
    "status, words, reason",
    [
        ("5.1.1", "550 5.1.1 mailbox full", DeliveryReason.MAILBOX_FULL),
        ("5.1.1", "550 5.1.1 blocked, see zen.spamhaus.org", DeliveryReason.BLOCKED),
        ("5.7.1", "550 5.7.1 user unknown", DeliveryReason.ADDRESS),
        ("4.2.2", "450 user unknown", DeliveryReason.ADDRESS),
        ("5.2.2", "552 5.2.2 considered spam", DeliveryReason.CONTENT),
        ("5.0.0", "550 5.1.1 said", DeliveryReason.ADDRESS),
        ("5.1.1", "something in a language that nobody here reads", DeliveryReason.ADDRESS),
        ("5.7.509", "", DeliveryReason.BLOCKED),
    ],
)
def test_a_code_that_lies_is_overruled(status: str, words: str, reason: DeliveryReason) -> None:
    assert diagnosed(words, status=status).meaning.reason is reason


def test_an_address_is_no_word() -> None:
    assert "spam" not in plain("<spam@virus.test>... User unknown")
    assert diagnosed("550 <mailbox.full@blocked.test> user unknown").meaning is M.NO_SUCH_MAILBOX


def test_a_reply_over_several_lines_reads_as_one() -> None:
    assert plain("550-5.7.1 this message\n550 5.7.1 has been blocked") == "this message has been blocked"


@pytest.mark.parametrize("meaning", M)
def test_only_what_is_wrong_with_the_address_lasts(meaning: M) -> None:
    assert meaning.reason is DeliveryReason.ADDRESS or not meaning.is_lasting


@given(st.text(max_size=3000), st.sampled_from([None, "5.1.1", "4.7.1", "5.0.0", "9.9.9", "x"]))
def test_any_words_have_a_meaning(words: str, status: str | None) -> None:
    assert diagnosed(words, status=status).meaning in M


@given(st.text(alphabet="@.-a5 \n", max_size=6000))
def test_words_made_to_take_long_do_not(words: str) -> None:
    assert diagnosed(words)
