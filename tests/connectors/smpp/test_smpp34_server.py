"""A message centre that is not ours, and a second library's opinion of what we write."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import smpp34
from aiosmpplib.protocol import PDU_HEADER_LENGTH, SmppMessage, SubmitSm

from tests.connectors.programs import free_port
from tests.connectors.smpp.stand_in import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, joined
from xconnector.connectors.smpp.channel import SmppChannel
from xconnector.connectors.smpp.pdu import Command, Party, Pdu, Sms
from xconnector.connectors.smpp.settings import SmppSettings
from xconnector.contract.channel import Receipt
from xconnector.contract.errors import PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.dispatches import sample_dispatch

KINDS = frozenset({RenditionKind.SMS})
THROTTLED, NO_SUCH_NUMBER = 0x58, 0x0B
LONG = "[Grüße] €" * 30


async def served(server: smpp34.Server, taken: list[smpp34.SubmitSmEvent]) -> smpp34.Esme:
    """The client, after five messages of it were answered."""
    client = await server.next()
    assert isinstance(client, smpp34.Esme)
    while len(taken) < 5:
        asked = await server.next()
        assert isinstance(asked, smpp34.SubmitSmEvent)
        taken.append(asked)
        if asked.destination_addr.endswith("2"):
            asked.reject(THROTTLED)
        elif asked.destination_addr.endswith("3"):
            asked.reject(NO_SUCH_NUMBER)
        else:
            asked.accept(f"{len(taken):x}")
    return client


async def test_texts_receipts_and_refusals_with_the_server_of_smpp34(tmp_path: Path) -> None:
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="centre")
    await server.start()
    settings = SmppSettings.model_validate(
        {"host": "127.0.0.1", "port": port, "system_id": "xconn", "password": "x", "tls": False, "sender": "54321"}
    )
    long = replace(
        sample_dispatch(1, KINDS), renditions={RenditionKind.SMS: Rendition.of(RenditionKind.SMS, LONG.encode())}
    )
    taken: list[smpp34.SubmitSmEvent] = []
    kinds: list[DeliveryEventType] = []
    surroundings = Surroundings(project_folder=tmp_path, state_folder=tmp_path / "state")
    try:
        async with SmppChannel(settings, surroundings) as channel:
            serving = asyncio.create_task(served(server, taken))
            first, *others = await channel.send([long, *(sample_dispatch(number, KINDS) for number in (2, 3))])
            client = await asyncio.wait_for(serving, 20)
            assert isinstance(first, Receipt)
            for message_id in first.reference.split(","):
                told = [
                    smpp34.Tlv(RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
                    smpp34.Tlv(MESSAGE_STATE, b"\x02"),
                ]
                answer = await client.deliver_sm("54321", b"", source_addr="4915550000001", esm_class=4, tlvs=told)
                assert answer.is_success
                async for inbound in channel.reports():
                    kinds += [event.type for event in inbound.item if isinstance(event, DeliveryEvent)]
                    await inbound.ack()
    finally:
        await server.stop()

    assert [type(other) for other in others] == [TransientError, PermanentError]
    assert kinds == [DeliveryEventType.SENT, DeliveryEventType.SENT, DeliveryEventType.DELIVERED]
    parts = [
        smpp34.SubmitSm(one.source_addr, one.destination_addr, one.short_message, esm_class=one.esm_class)
        for one in taken
        if one.destination_addr == "4915550000001"
    ]
    assert joined(parts) == LONG


@pytest.mark.parametrize("coding, text", [(0, b"Hello"), (8, "Привет".encode("utf-16-be"))])
def test_another_library_reads_what_we_write(coding: int, text: bytes) -> None:
    message = Sms(
        source=Party(number="15005550006", ton=1, npi=1),
        destination=Party(number="4915550000001", ton=1, npi=1),
        esm_class=0,
        data_coding=coding,
        text=text,
        registered_delivery=1,
        validity="000001000000000R",
    )
    unit = Pdu(command=Command.SUBMIT_SM, sequence=7, body=message.octets()).octets()

    read = SubmitSm.from_pdu(unit, SmppMessage.parse_header(unit[:PDU_HEADER_LENGTH]), "gsm0338")

    assert isinstance(read, SubmitSm)
    assert read.short_message == (text.decode() if coding == 0 else text.decode("utf-16-be"))
    assert (read.source.number, read.destination.number) == ("15005550006", "4915550000001")
    assert (read.sequence_num, read.registered_delivery) == (7, 1)
    assert Sms.read(unit[PDU_HEADER_LENGTH:]) == message
