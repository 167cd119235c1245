"""One letter as Lob takes it: the form beside the PDF. Pure."""

import re
from collections.abc import Mapping

from xconnector.connectors.lob.settings import LobSettings
from xconnector.contract.channel import Dispatch, Recipient
from xconnector.contract.errors import PermanentError
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS
from xconnector.domain.routing.plan import ProofOfMailing

_LONGEST_NAME = 40
_LONGEST_LINE = {"US": 64}
_LONGEST_LINE_ABROAD = 200
_PLACE = re.compile(r"(?P<city>.+?),?\s+(?P<state>[A-Za-z]{2})\s+(?P<zip>\d{5}(?:-\d{4})?)")
_SERVICES: Mapping[ProofOfMailing, str] = {
    ProofOfMailing.CERTIFIED: "certified",
    ProofOfMailing.REGISTERED: "registered",
}


def form_of(dispatch: Dispatch, settings: LobSettings) -> Mapping[str, str]:
    """Return the fields of the form. Raises PermanentError for an address or a proof that Lob cannot take."""
    return {
        **{f"to[{name}]": value for name, value in _address(dispatch.recipient).items()},
        "from": settings.sender,
        "description": dispatch.communication[:255],
        f"metadata[{GIVEN_ALONG_AS}]": dispatch.dispatch_key,
        "color": _flag(settings.color),
        "double_sided": _flag(settings.double_sided),
        "size": settings.size,
        "address_placement": settings.address_placement,
        "use_type": "marketing" if dispatch.promotional else "operational",
        **_mailing(dispatch.proof, settings),
    }


def _mailing(proof: ProofOfMailing | None, settings: LobSettings) -> Mapping[str, str]:
    if proof is None or proof is ProofOfMailing.TRACKED:
        # Every letter is tracked.
        return {"mail_type": settings.mail_class}
    if proof not in _SERVICES:
        raise PermanentError(f"Lob gives no {proof.value}: route what needs one to a print house")
    return {"mail_type": "usps_first_class", "extra_service": _SERVICES[proof]}


def _address(recipient: Recipient) -> Mapping[str, str]:
    country = recipient.country or "US"
    if not recipient.name or len(recipient.name) > _LONGEST_NAME:
        raise PermanentError(f"its recipient's name has no letters, or more than the {_LONGEST_NAME} that Lob takes")
    *lines, last = recipient.address_lines or ("",)
    found = _PLACE.fullmatch(last.strip())
    if country == "US":
        if found is None:
            raise PermanentError("its last address line is no city, state, and ZIP Code, such as `Austin, TX 78701`")
        place = {"address_city": found["city"], "address_state": found["state"].upper(), "address_zip": found["zip"]}
    else:
        # Other countries' places are written as they stand in the window: their posts read them so.
        lines, place = [*lines, last], {}
    return {"name": recipient.name, **_lines(lines, country), **place, "address_country": country}


def _lines(lines: list[str], country: str) -> Mapping[str, str]:
    first, *rest = [line for line in lines if line.strip()] or [""]
    told = {"address_line1": first, **({"address_line2": ", ".join(rest)} if rest else {})}
    longest = _LONGEST_LINE.get(country, _LONGEST_LINE_ABROAD)
    if not first or any(len(line) > longest for line in told.values()):
        raise PermanentError(f"its address has no street, or a line longer than the {longest} letters that Lob takes")
    return told


def _flag(value: bool) -> str:  # noqa: FBT001 - as a form writes it
    return "true" if value else "false"
