"""What a receiver outside is told of a dispatch in words, besides its documents."""

from collections.abc import Mapping

from xconnector.contract.channel import Dispatch


def facts_of(dispatch: Dispatch) -> Mapping[str, object]:
    """Return who gets what and why, as JSON takes it: the same at every attempt."""
    recipient = dispatch.recipient
    return {
        "dispatch_key": dispatch.dispatch_key,
        "communication_id": str(dispatch.communication_id),
        "communication": dispatch.communication,
        "title": dispatch.title,
        "language": dispatch.language,
        "promotional": dispatch.promotional,
        "run": dispatch.run,
        "customer": {
            "key": recipient.customer_key,
            "name": recipient.name,
            "address_lines": recipient.address_lines,
            "postcode": recipient.postcode,
            "country": recipient.country,
            "email": recipient.email,
            "mobile": recipient.mobile,
        },
    }
