"""Who gets a communication, and where: as it was frozen, and as the customer's record has it now."""

from xconnector.contract.channel import Recipient
from xconnector.domain.customer import Customer
from xconnector.domain.routing.plan import Medium
from xconnector.project.model import Project
from xconnector.project.presentation import window_of


def media_that_moved(project: Project, customer: Customer, frozen: Recipient) -> frozenset[Medium]:
    """Return the media of which the customer has another address than the one that was frozen."""
    fields = customer.fields
    now = {
        Medium.PRINT: window_of(project, fields),
        Medium.EMAIL: fields.get("email"),
        Medium.SMS: fields.get("mobile"),
    }
    then = {Medium.PRINT: frozen.address_lines, Medium.EMAIL: frozen.email, Medium.SMS: frozen.mobile}
    return frozenset(medium for medium in now if (now[medium] or None) != (then[medium] or None))
