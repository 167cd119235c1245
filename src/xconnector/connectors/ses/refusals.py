"""What the names of Amazon's refusals mean at the hand-over: those of `SendEmail`, and of all services."""

from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_MISCONFIGURED = {
    "AccountSuspendedException": "Amazon has suspended the account",
    "SendingPausedException": "sending is switched off for the account or the configuration set",
    "MailFromDomainNotVerifiedException": "the domain of `sender` is not verified",
    "NotFoundException": "there is no such configuration set: correct `configuration_set`",
    "AccessDeniedException": "the key has no right to send: give it `ses:SendEmail`",
    "IncompleteSignature": "correct `access_key_id` and `secret_access_key`",
    "InvalidClientTokenId": "correct `access_key_id`",
    "UnrecognizedClientException": "correct `access_key_id`",
    "InvalidSignatureException": "correct `secret_access_key`, and the clock of this machine",
    "SignatureDoesNotMatch": "correct `secret_access_key`, and the clock of this machine",
    "ExpiredTokenException": "the key was good for some hours only",
    "MissingAuthenticationTokenException": "correct `access_key_id` and `secret_access_key`",
    "OptInRequired": "the account does not use SES in this region",
}
_LATER = frozenset({"TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling"})
_CONTENT = frozenset({"MessageRejected", "BadRequestException"})


def refusal_of_name(name: str) -> ConnectorError | None:
    """Return the error of a name that we know, or None."""
    told = f"Amazon SES refuses the mail ({name})"
    if name in _MISCONFIGURED:
        return MisconfiguredError(f"{told}: {_MISCONFIGURED[name]}")
    if name in _LATER:
        return TransientError(f"{told}: too much at once, or the day's quota is used up")
    if name in _CONTENT:
        return PermanentError(
            f"{told}: it does not take this mail or recipient; in the sandbox of SES, only verified ones"
        )
    return None
