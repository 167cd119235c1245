"""Secrets that are sent along with a request: tokens, and user with password."""

import base64
import binascii

from xconnector.connectors.webhook.proof_settings import BasicSettings, TokenSettings
from xconnector.contract.webhook_source import WebhookRequest
from xconnector.domain.signed import is_equal

_SCHEME = "basic "


def wrong_with_token(request: WebhookRequest, settings: TokenSettings) -> str | None:
    """Return what is wrong with the token of a request; None where it is one of ours."""
    place = settings.header or settings.query or ""
    told = request.query.get(place, "") if settings.header is None else request.headers.get(place.lower(), "")
    if not told.startswith(settings.prefix):
        return f"{place} does not begin as it should"
    told = told.removeprefix(settings.prefix)
    # Every one is looked at, so that the time it takes does not tell which fits.
    fitting = [is_equal(told, secret.get_secret_value()) for secret in settings.secrets]
    return None if any(fitting) else f"{place} is missing, or is no token of ours"


def wrong_with_password(request: WebhookRequest, settings: BasicSettings) -> str | None:
    """Return what is wrong with user and password of a request; None where they are ours."""
    told = request.headers.get("authorization", "")
    if not told.lower().startswith(_SCHEME):
        return "Authorization: Basic is missing"
    try:
        user, _, password = base64.b64decode(told[len(_SCHEME) :].strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "Authorization: Basic cannot be read"
    fitting = [is_equal(password, secret.get_secret_value()) for secret in settings.passwords]
    return None if is_equal(user, settings.user) & any(fitting) else "user and password are not ours"
