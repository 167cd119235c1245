"""What the wires to all services of Exstream have in common: whom they trust, and what they do not follow."""

import re
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from xconnector.contract.errors import MisconfiguredError

_SECONDS = re.compile(r"\d{1,6}", re.ASCII)


def open_client(ca_file: Path | None, *, kept_alive: int = 20) -> httpx.AsyncClient:
    """Return a client that follows no redirects and keeps no cookies; `kept_alive` lines stay open between requests.

    Certificates of `ca_file` (PEM) may sign those of the services, beside the usual ones. Raises MisconfiguredError.
    """
    return httpx.AsyncClient(
        verify=_trusted(ca_file),
        # An answer that sends us elsewhere would take credentials and the customer's data along.
        follow_redirects=False,
        # The address is the operator's word, not the environment's.
        trust_env=False,
        # How many requests run at a time is said where they are made.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=kept_alive),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def is_distrust(error: BaseException | None) -> bool:
    """Say whether a connection was given up because its certificate is not trusted."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _trusted(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    context = httpx.create_ssl_context(trust_env=False)
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError):
        raise MisconfiguredError("`ca_file` cannot be read, or holds no certificates (PEM)") from None
    return context
