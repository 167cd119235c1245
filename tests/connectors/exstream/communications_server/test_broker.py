import base64
from pathlib import Path

import pytest
from lxml import etree

from tests.connectors.exstream.cloud.scripted import Reply, scripted
from tests.connectors.exstream.communications_server.doors import (
    NAMESPACE,
    PDF,
    broker_at,
    composed_by,
    envelope,
    letter_order,
    open_door,
)
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.testing.conformance.composer import ComposerConformance

SECRET = "Jördis Sämann of Lindenweg"
DOCUMENT = base64.b64encode(PDF).decode("ascii")
LETTER = f"<SendReceiveDocumentResponse><DocData>{DOCUMENT}</DocData></SendReceiveDocumentResponse>"
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><r>&b;</r></s:Body></s:Envelope>'
)
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><r>&a;</r></s:Body></s:Envelope>'
)


def fault(code: str, says: str = SECRET) -> Reply:
    return envelope(f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>{says}</faultstring></s:Fault>", status=500)


async def told_for(tmp_path: Path, reply: Reply, **settings: object) -> Composition | ConnectorError:
    """Return what becomes of an order to which the broker answers so."""
    async with scripted(lambda _: reply) as server:
        return await composed_by(open_door(tmp_path, broker_at(server, **settings)))


class TestServiceBroker(ComposerConformance):
    """The same promises as through the gateway."""

    stand_ins = Path(__file__).parent / "broker"
    connectors = ("exstream_communications_server",)


class TestAsking:
    async def test_the_call_has_the_four_parameters(self, tmp_path: Path) -> None:
        async with scripted(lambda _: envelope(LETTER)) as server:
            await composed_by(open_door(tmp_path, broker_at(server, server_id="one")))

        (asked,) = server.requests
        assert {name.lower(): value for name, value in asked.headers.items()}["soapaction"] == '"SendReceiveDocument"'
        call = etree.fromstring(asked.body)[0][0]
        assert call.tag == f"{{{NAMESPACE}}}SendReceiveDocument"
        parameters = {str(parameter.tag): parameter.text or "" for parameter in call}
        document = parameters.pop("DocData")
        assert parameters == {"ServiceDescription": "PolicyIssued", "ServiceVersion": "2", "ServerID": "one"}
        assert str(letter_order().communication_id).encode() in base64.b64decode(document)

    async def test_names_may_be_qualified_and_types_left_out(self, tmp_path: Path) -> None:
        async with scripted(lambda _: envelope(LETTER)) as server:
            await composed_by(open_door(tmp_path, broker_at(server, qualified=True, encoded=False)))

        call = etree.fromstring(server.requests[0].body)[0][0]
        assert {str(parameter.tag).partition("}")[0] for parameter in call} == {f"{{{NAMESPACE}"}
        assert [parameter.attrib for parameter in call] == [{}] * 4

    async def test_a_rendition_without_a_service_is_refused(self, tmp_path: Path) -> None:
        async with scripted(lambda _: envelope(LETTER)) as server:
            result = await composed_by(open_door(tmp_path, broker_at(server), {}))

        assert isinstance(result, PermanentError)
        assert server.requests == []


class TestAnswers:
    async def test_a_wrong_address_says_where_the_right_one_stands(self, tmp_path: Path) -> None:
        result = await told_for(tmp_path, Reply(status=404))

        assert "`url` is its whole address" in str(result)
        assert "soap:address" in str(result)

    async def test_the_only_text_is_the_document(self, tmp_path: Path) -> None:
        assert isinstance(await told_for(tmp_path, envelope(LETTER)), Composition)

    async def test_an_element_may_be_named(self, tmp_path: Path) -> None:
        answer = f"<r><Status>0</Status><Result>{DOCUMENT}</Result></r>"

        assert isinstance(await told_for(tmp_path, envelope(answer)), PermanentError)
        assert isinstance(await told_for(tmp_path, envelope(answer), result="Result"), Composition)

    @pytest.mark.parametrize(
        "reply, error",
        [
            (envelope("<r/>"), PermanentError),
            (envelope("<r>no base64!</r>"), PermanentError),
            (envelope("<r>AAAA</r>"), PermanentError),
            (fault("Client"), PermanentError),
            (fault("Client.Authentication"), PermanentError),
            (fault("Server"), TransientError),
            (fault("VersionMismatch"), MisconfiguredError),
            (Reply(body=b"<html/>"), TransientError),
            (Reply(body=b""), TransientError),
            (Reply(body=BOMB.encode()), TransientError),
            (Reply(body=OUTSIDE.encode()), TransientError),
            (Reply(body=b"<a>" * 100_000), TransientError),
            (Reply(status=500, body=b"no XML"), TransientError),
            (Reply(status=404), MisconfiguredError),
            (Reply(status=401), MisconfiguredError),
            (Reply(status=307, headers={"Location": "http://127.0.0.1:1/"}), MisconfiguredError),
        ],
    )
    async def test_an_answer_is_told_for_what_it_is(
        self, tmp_path: Path, reply: Reply, error: type[ConnectorError]
    ) -> None:
        result = await told_for(tmp_path, reply)

        assert isinstance(result, ConnectorError)
        assert type(result) is error
        assert SECRET not in f"{result!r} {result.__cause__!r} {result.__context__!r}"
        assert "root:" not in str(result)
