"""Mail addresses as SMTP takes them: checked, with the domain in its ASCII form."""

import re
from dataclasses import dataclass, field

_LONGEST_LOCAL_PART = 64
_LONGEST_ADDRESS = 254
# RFC 5322 section 3.2.3, widened by RFC 6532: what needs no quotes. Quoted local parts are refused: nobody has one,
# and they are a way to smuggle.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One checked address."""

    local_part: str = field(repr=False)
    domain: str = field(repr=False)
    """In ASCII: an internationalised name as its A-labels."""

    @property
    def needs_utf8(self) -> bool:
        """Say whether only a relay with SMTPUTF8 (RFC 6531) can take it."""
        return not self.local_part.isascii()

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain}"


def mailbox(address: str) -> Mailbox:
    """Return the address, checked.

    Raises ValueError, without the address in it, for one that cannot be written into an SMTP command.
    """
    local_part, at, domain = address.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local_part) or not local_part.isprintable():
        raise ValueError("the e-mail address is malformed before the @")
    if len(local_part.encode()) > _LONGEST_LOCAL_PART:
        raise ValueError(f"the e-mail address has more than {_LONGEST_LOCAL_PART} octets before the @")
    found = Mailbox(local_part=local_part, domain=_ascii_domain(domain))
    if len(str(found).encode()) > _LONGEST_ADDRESS:
        raise ValueError(f"the e-mail address has more than {_LONGEST_ADDRESS} octets")
    return found


def _ascii_domain(domain: str) -> str:
    if domain.endswith("."):
        raise ValueError("the e-mail address ends in a full stop")
    # The manifest checks settings with this module and must load without the tables of all scripts.
    import idna  # noqa: PLC0415

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        # The cause would show the address.
        raise ValueError("the e-mail address is malformed after the @") from None
