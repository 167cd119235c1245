"""A text message leaves: from the event over the table and the composer to the provider."""

import json
from pathlib import Path

import pytest

from tests.connectors.twilio.stand_in import TwilioStandIn, open_stand_in
from tests.office import Changes, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOBILE = "+4915550000001"
ROUTING = {"| email, print      |": "| sms, print        |", "when has email": "when has mobile"}


def by_text_message(twilio: TwilioStandIn) -> Changes:
    settings = {"connector": "twilio", **twilio.settings, "status_callback": None, "limits": {"attempts": 3}}
    return {
        # What is JSON is YAML.
        "xconnector.yaml": [("  print:\n", f"  sms: {json.dumps(settings)}\n  print:\n")],
        "tables/routing.md": [*ROUTING.items()],
    }


async def test_a_communication_leaves_as_text_message(office: OpenOffice) -> None:
    async with open_stand_in(Path()) as twilio, office(by_text_message(twilio)) as opened:
        await opened.send(notice("1", mobile=MOBILE))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    (message,) = twilio.taken
    assert (message["To"], message["From"]) == (MOBILE, "+15005550006")
    assert message["Body"] == "Meyer 1: 12,50 €"
