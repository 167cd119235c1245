import base64
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.exstream.cloud.scripted import Reply, of_json, scripted
from tests.connectors.exstream.communications_server.doors import (
    PDF,
    TICKET_PATH,
    answer_of,
    composed_by,
    gateway_at,
    letter_order,
    open_door,
    result_of,
    with_tickets,
)
from tests.connectors.exstream.sandbox_program import running_exstream
from tests.connectors.exstream_communications_server.stand_in import (
    DESIGN,
    TEMPLATE,
    gateway_settings,
    write_design,
)
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.testing.conformance.composer import composed
from xconnector.testing.orders import sample_order

SECRET = "Jördis Sämann of Lindenweg"
EXPIRED = of_json({"status": 1034, "error": "Expired OTDS SSO ticket", "errorDetails": None}, status=400)


async def told_for(tmp_path: Path, reply: Reply, **settings: object) -> Composition | ConnectorError:
    """Return what becomes of an order to which the gateway answers so."""
    async with scripted(with_tickets(lambda _: reply)) as server:
        return await composed_by(open_door(tmp_path, gateway_at(server, **settings)))


class TestWithTheStandIn:
    async def test_an_expired_ticket_is_renewed_once(self, tmp_path: Path) -> None:
        write_design(tmp_path, DESIGN)
        async with running_exstream(tmp_path, tmp_path / "output") as program:
            async with open_door(tmp_path, gateway_settings(program), DESIGN) as composer:
                (first,) = await composer.compose([sample_order(template=TEMPLATE)])
                await program.misbehave(expire_next=1)
                (second,) = await composer.compose([sample_order(template=TEMPLATE)])

            assert composed(first) == composed(second)
            assert await program.asked(TICKET_PATH) == 2

    async def test_no_more_requests_run_at_a_time_than_are_allowed(self, tmp_path: Path) -> None:
        write_design(tmp_path, DESIGN)
        async with running_exstream(tmp_path, tmp_path / "output") as program:
            await program.misbehave(compose_seconds=0.1)
            service = {**gateway_settings(program), "parallel": 2, "body": "content"}
            async with open_door(tmp_path, service, DESIGN) as composer:
                results = await composer.compose([sample_order(number, template=TEMPLATE) for number in range(6)])

            assert {type(result) for result in results} == {Composition}
            assert (await program.seen())["most_engines_at_once"] == 2

    @pytest.mark.parametrize(
        "faults, error",
        [
            ({"engine_fails_next": 1}, PermanentError),
            ({"engine_fails_next": 1, "error_status": 500}, PermanentError),
            ({"unpublished": ["PolicyIssued"]}, PermanentError),
            ({"lose_next": 1}, TransientError),
            ({"otds_down": True}, TransientError),
            ({"reject_credentials": True}, MisconfiguredError),
        ],
    )
    async def test_what_goes_wrong_is_told_for_what_it_is(
        self, tmp_path: Path, faults: dict[str, object], error: type[ConnectorError]
    ) -> None:
        write_design(tmp_path, DESIGN)
        async with running_exstream(tmp_path, tmp_path / "output") as program:
            await program.misbehave(**faults)
            result = await composed_by(
                open_door(tmp_path, gateway_settings(program), DESIGN), sample_order(template=TEMPLATE)
            )

        assert type(result) is error


class TestAsking:
    async def test_the_service_stands_in_the_query_and_the_ticket_in_its_header(self, tmp_path: Path) -> None:
        async with scripted(with_tickets(lambda _: answer_of(result_of()))) as server:
            await composed_by(open_door(tmp_path, gateway_at(server)))

        asked = server.requests[-1]
        assert asked.target == "/acme/sgw/v1/communications?name=PolicyIssued&version=2"
        assert {name.lower(): value for name, value in asked.headers.items()}["otdsticket"] == "*OTDSSSO*1"

    async def test_the_plain_form_holds_the_driver(self, tmp_path: Path) -> None:
        async with scripted(with_tickets(lambda _: answer_of(result_of()))) as server:
            await composed_by(open_door(tmp_path, gateway_at(server, content_type="text/json")))

        body = json.loads(server.requests[-1].body)
        assert body.keys() == {"contentType", "data"}
        assert body["contentType"] == "text/json"
        assert json.loads(base64.b64decode(body["data"])) == letter_order().data

    async def test_the_form_with_content_has_free_keys_beside_it(self, tmp_path: Path) -> None:
        free = {"keys": {"archive": "yes"}, "keys_from_data": {"policy": "data.policy_number"}}
        async with scripted(with_tickets(lambda _: answer_of(result_of()))) as server:
            await composed_by(open_door(tmp_path, gateway_at(server, body="content", **free)))

        body = json.loads(server.requests[-1].body)
        assert (body["archive"], body["policy"]) == ("yes", "P-2026-000001")
        assert body["content"]["contentType"] == "application/json"
        assert body["content"]["async"] == "true"

    async def test_a_free_key_without_a_value_fails_the_order_alone(self, tmp_path: Path) -> None:
        settings = {"body": "content", "keys_from_data": {"policy": "data.note"}}
        result = await told_for(tmp_path, answer_of(result_of()), **settings)

        assert isinstance(result, PermanentError)
        assert "data.note" in str(result)

    async def test_a_design_without_a_service_is_refused(self, tmp_path: Path) -> None:
        async with scripted(with_tickets(lambda _: answer_of(result_of()))) as server:
            result = await composed_by(open_door(tmp_path, gateway_at(server), {}))

        assert isinstance(result, PermanentError)
        assert "service" in str(result)

    async def test_check_asks_for_nothing(self, tmp_path: Path) -> None:
        async with (
            scripted(with_tickets(lambda _: Reply(status=405))) as server,
            open_door(tmp_path, gateway_at(server)) as composer,
        ):
            await composer.check()

        assert [request.method for request in server.requests] == ["POST", "GET"]
        assert server.requests[0].target == TICKET_PATH


class TestTickets:
    async def test_a_ticket_that_is_void_again_is_a_matter_of_settings(self, tmp_path: Path) -> None:
        async with scripted(with_tickets(lambda _: EXPIRED)) as server:
            result = await composed_by(open_door(tmp_path, gateway_at(server)))

        assert isinstance(result, MisconfiguredError)
        assert server.targets().count(TICKET_PATH) == 2

    async def test_another_400_is_no_reason_for_a_new_ticket(self, tmp_path: Path) -> None:
        async with scripted(with_tickets(lambda _: of_json({"status": 12}, status=400))) as server:
            result = await composed_by(open_door(tmp_path, gateway_at(server)))

        assert isinstance(result, PermanentError)
        assert server.targets().count(TICKET_PATH) == 1

    async def test_many_orders_share_one_ticket(self, tmp_path: Path) -> None:
        async with (
            scripted(with_tickets(lambda _: answer_of(result_of()))) as server,
            open_door(tmp_path, gateway_at(server)) as composer,
        ):
            await composer.compose([letter_order() for _ in range(8)])

        assert server.targets().count(TICKET_PATH) == 1

    async def test_a_refused_sign_in_is_not_tried_again_at_once(self, tmp_path: Path) -> None:
        async with (
            scripted(lambda _: Reply(status=401)) as server,
            open_door(tmp_path, gateway_at(server)) as composer,
        ):
            results = await composer.compose([letter_order() for _ in range(8)])

        assert {type(result) for result in results} == {MisconfiguredError}
        assert len(server.requests) == 1


class TestAnswers:
    @pytest.mark.parametrize("name", ["letter.pdf", '"letter.pdf"', "letter", "a/b/letter.pdf", "letter.v2.pdf"])
    async def test_a_file_name_says_the_queue(self, tmp_path: Path, name: str) -> None:
        assert isinstance(await told_for(tmp_path, answer_of(result_of(name=name))), Composition)

    async def test_a_media_type_may_say_the_queue(self, tmp_path: Path) -> None:
        design = {"service": {"name": "PolicyIssued"}, "outputs": {"letter": {"queue": "application/pdf"}}}
        names = {"by": "content_type", "pattern": "(?P<queue>.+)"}
        reply = answer_of(result_of(name=None, media_type="application/pdf; charset=binary"))
        async with scripted(with_tickets(lambda _: reply)) as server:
            result = await composed_by(open_door(tmp_path, gateway_at(server, results=names), design))

        assert isinstance(result, Composition)

    async def test_outputs_of_other_queues_are_left_alone(self, tmp_path: Path) -> None:
        reply = answer_of(result_of(b"<xml/>", name="audit.xml", media_type="text/xml"), result_of())

        assert isinstance(await told_for(tmp_path, reply), Composition)

    @pytest.mark.parametrize(
        "reply, error",
        [
            (answer_of(status="error"), PermanentError),
            (answer_of(), PermanentError),
            (answer_of(result_of(name=None)), PermanentError),
            (answer_of(result_of(b"")), PermanentError),
            (answer_of(result_of(b"no PDF")), PermanentError),
            (answer_of({"content": {"data": "!", "contentType": "application/pdf"}}), PermanentError),
            (answer_of({"content": {"streamingFilePath": "/export/x"}}), PermanentError),
            (of_json({"status": "success", "data": []}), TransientError),
            (of_json([]), TransientError),
            (Reply(body=b"<html>"), TransientError),
            (Reply(body=b"\xff\xfe"), TransientError),
            (Reply(body=b'{"status": "success", "data": ' + b"[" * 100_000), TransientError),
            (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), MisconfiguredError),
            (Reply(status=403), MisconfiguredError),
            (Reply(status=404), PermanentError),
            (Reply(status=413), PermanentError),
            (Reply(status=500), TransientError),
            (Reply(status=503, headers={"Retry-After": "7"}), TransientError),
            (Reply(body=b"{", breaks_off=True), TransientError),
        ],
    )
    async def test_an_answer_is_told_for_what_it_is(
        self, tmp_path: Path, reply: Reply, error: type[ConnectorError]
    ) -> None:
        assert type(await told_for(tmp_path, reply)) is error

    async def test_a_slow_answer_is_given_up(self, tmp_path: Path) -> None:
        result = await told_for(tmp_path, Reply(body=b"{}", after=5), timeout="200ms")

        assert isinstance(result, TransientError)
        assert "timeout" in str(result)

    async def test_a_compressed_answer_is_not_unpacked(self, tmp_path: Path) -> None:
        bomb = Reply(body=gzip.compress(b" " * 1_000_000), headers={"Content-Encoding": "gzip"})

        assert isinstance(await told_for(tmp_path, bomb), MisconfiguredError)

    async def test_an_endless_answer_is_cut_off(self, tmp_path: Path) -> None:
        result = await told_for(tmp_path, answer_of(result_of(PDF + b" " * 100_000)), largest_answer="10KB")

        assert isinstance(result, PermanentError)
        assert "largest_answer" in str(result)

    @pytest.mark.parametrize("status", [200, 400, 404, 500])
    async def test_nothing_of_what_the_gateway_says_is_told(self, tmp_path: Path, status: int) -> None:
        said = {"status": SECRET, "data": {"id": SECRET, "result": None}, "message": SECRET}
        result = await told_for(tmp_path, of_json(said, status=status))

        assert isinstance(result, ConnectorError)
        assert SECRET not in f"{result!r} {result.__cause__!r} {result.__context__!r}"
        assert "a-password-nobody-may-see" not in repr(result)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        data=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["result", "content", "data", "Content-Disposition", "x"]), inner)
            ),
            max_leaves=12,
        )
    )
    async def test_whatever_comes_ends_in_one_of_the_errors(self, tmp_path: Path, data: object) -> None:
        result = await told_for(tmp_path, of_json({"status": "success", "data": data}))

        assert isinstance(result, PermanentError | TransientError)
