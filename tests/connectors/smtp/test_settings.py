"""Settings that would send mails readable, unsigned or nowhere are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from xconnector.connectors.smtp.settings import Encryption, SmtpSettings

SETTINGS: dict[str, Any] = {
    "host": "relay.aurora.test",
    "sender": {"address": "service@aurora.test"},
    "token_secret": "a secret of some length",
}


def test_the_way_to_the_relay_is_encrypted_unless_stated() -> None:
    assert SmtpSettings.model_validate(SETTINGS).tls is Encryption.STARTTLS


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_plain_text_goes_to_this_machine(host: str) -> None:
    assert SmtpSettings.model_validate({**SETTINGS, "host": host, "tls": "none"}).tls is Encryption.NONE


@pytest.mark.parametrize("host", ["relay.aurora.test", "10.0.0.1", "127.0.0.1.aurora.test", "localhost.aurora.test"])
def test_plain_text_to_another_machine_must_be_stated(host: str) -> None:
    with pytest.raises(ValidationError, match="plain_text_allowed"):
        SmtpSettings.model_validate({**SETTINGS, "host": host, "tls": "none"})

    assert SmtpSettings.model_validate({**SETTINGS, "host": host, "tls": "none", "plain_text_allowed": True})


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_secret": "short"},
        {"user": "xconnector"},
        {"password": "alone"},
        {"sender": {"address": "service"}},
        {"sender": {"address": "sérvice@aurora.test"}},
        {"sender": {"address": "service@aurora.test", "name": "Aurora\r\nBcc: x@y.test"}},
        {"reply_to": "service@aurora.test\r\nBcc: x@y.test"},
        {"bounce_prefix": "bounce"},
        {"bounce_prefix": "much-too-long-for-a-token+"},
        {"bounce_domain": "bounces.aurora.test\r\n"},
        {"hello_name": "aurora.test\r\nMAIL"},
        {"unsubscribe": {"url": "http://www.aurora.test/unsubscribe"}},
        {"unsubscribe": {"url": "https://www.aurora.test/unsubscribe/"}},
        {"port": 0},
        {"unknown": 1},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SmtpSettings.model_validate({**SETTINGS, **wrong})
