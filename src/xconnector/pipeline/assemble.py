"""assemble: the golden record as of now, frozen as a snapshot; the contract of the data is proven."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xconnector.contract.channel import Recipient
from xconnector.domain.customer import Customer
from xconnector.pipeline.trigger import Asked
from xconnector.pipeline.workplace import Workplace
from xconnector.project.presentation import Presentation, present_values
from xconnector.project.routing import CustomerFacts
from xconnector.store.communications import Assembly, Terms
from xconnector.store.rows import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A communication with its data as the reader will see it."""

    asked: Asked
    known: CustomerFacts
    values: Mapping[str, Any] = field(repr=False)
    """Its data in Python's types, as the contract read them."""
    presentation: Presentation
    issued_at: datetime

    @property
    def customer(self) -> Customer:
        return self.known.customer


def assemble(place: Workplace, asked: Asked, known: CustomerFacts, *, now: datetime) -> Assembled:
    """Bring data and customer together. The document's date is the moment of assembly.

    Raises ContractError naming every field that is missing or of another type.
    """
    # Whole seconds: the date that is printed and the date in the file's properties are the same.
    issued_at = now.replace(microsecond=0)
    values = asked.kind.contract.read(asked.source.mapped.data)
    presentation = present_values(
        place.project,
        asked.kind,
        communication_id=asked.communication_id,
        issued_at=issued_at,
        customer=known.customer,
        values=values,
    )
    return Assembled(asked=asked, known=known, values=values, presentation=presentation, issued_at=issued_at)


def freeze(place: Workplace, assembled: Assembled, terms: Terms, *, review_role: str | None) -> Assembly:
    """Return the snapshot as it is kept: whatever changes later, this is what the communication is made of."""
    shown = assembled.presentation
    fields = assembled.customer.fields
    country = str(fields.get("country") or place.project.home_country).upper()
    postcode = str(fields.get("postcode") or "")
    recipient = Recipient(
        customer_key=assembled.asked.source.mapped.customer_key,
        name=shown.name,
        address_lines=shown.address_lines,
        postcode=postcode,
        country=country,
        email=fields.get("email"),
        mobile=fields.get("mobile"),
    )
    return Assembly(
        communication_id=assembled.asked.communication_id,
        title=shown.title,
        language=shown.language,
        issued_at=assembled.issued_at,
        recipient=to_json(recipient),
        sort_key=f"{country} {postcode}",
        data=to_json(shown.data),
        review_role=review_role,
        terms=to_json(terms),
        project_sha256=place.project.content_sha256,
    )
