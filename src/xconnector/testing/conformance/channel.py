"""What every channel must show, whatever it speaks.

Inherit a suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, cast

import pytest
import pytest_asyncio
from pydantic import BaseModel, SecretStr

from xconnector.contract.channel import (
    Bundle,
    BundleReceipt,
    Channel,
    Collects,
    Dispatch,
    Idempotent,
    Receipt,
)
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import manifest
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance.stand_in import (
    ChannelStandIn,
    ChannelUnderTest,
    DevicesStandIn,
    registered_channels,
)
from xconnector.testing.dispatches import customer_words, sample_dispatch, with_spoilt_letter


class _OverRegisteredChannels:
    """Runs each test for every registered channel of one kind, against its stand-in."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""
    collecting: ClassVar[bool]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            channels = registered_channels(self.stand_ins, self.connectors)
            chosen = [channel for channel in channels if channel.collects is self.collecting]
            metafunc.parametrize("under_test", chosen, ids=[channel.name for channel in chosen])

    @pytest_asyncio.fixture
    async def stand_in(self, under_test: ChannelUnderTest, tmp_path: Path) -> AsyncIterator[ChannelStandIn]:
        folder = tmp_path / "outside"
        folder.mkdir()
        async with under_test.open_stand_in(folder) as stand_in:
            yield stand_in

    @pytest.fixture
    def settings(self, under_test: ChannelUnderTest, stand_in: ChannelStandIn) -> ConnectorSettings:
        return manifest(under_test.name).settings.model_validate(dict(stand_in.settings))

    @pytest_asyncio.fixture
    async def channel(
        self, under_test: ChannelUnderTest, settings: ConnectorSettings, tmp_path: Path
    ) -> AsyncIterator[Channel]:
        open_channel = manifest(under_test.name).channel
        assert open_channel is not None
        state_folder = tmp_path / "state"
        state_folder.mkdir()
        async with open_channel(settings, Surroundings(project_folder=tmp_path, state_folder=state_folder)) as channel:
            yield channel


@pytest.mark.asyncio
class ChannelConformance(_OverRegisteredChannels):
    """For channels that take dispatches one by one or in lists."""

    collecting = False

    async def test_check_sends_nothing(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        await channel.check()

        assert not await stand_in.arrived()

    async def test_no_dispatch_gives_no_result(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        assert list(await channel.send([])) == []
        assert not await stand_in.arrived()

    async def test_what_is_sent_arrives_whole(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        dispatches = [_sample(number, channel, stand_in) for number in (1, 2, 3)]

        results = await channel.send(dispatches)

        assert all(isinstance(result, Receipt) and result.reference for result in results), results
        arrived = {arrival.dispatch_key: arrival.digests for arrival in await stand_in.arrived()}
        assert arrived == {dispatch.dispatch_key: _digests(dispatch) for dispatch in dispatches}

    async def test_the_same_dispatch_twice_arrives_once(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        if not _remembers(channel):
            pytest.skip("this channel does not promise to remember dispatches")
        dispatch = _sample(1, channel, stand_in)

        first = await channel.send([dispatch])
        second = await channel.send([dispatch])

        assert isinstance(first[0], Receipt)
        assert isinstance(second[0], Receipt)
        assert [arrival.dispatch_key for arrival in await stand_in.arrived()] == [dispatch.dispatch_key]

    async def test_an_outage_is_transient(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        await stand_in.go_down()

        results = await channel.send([_sample(1, channel, stand_in), _sample(2, channel, stand_in)])

        assert [type(result) for result in results] == [TransientError, TransientError]

    async def test_check_tells_of_an_outage(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        _skip_where_nobody_is_asked(stand_in)
        await stand_in.go_down()

        with pytest.raises(TransientError):
            await channel.check()

    async def test_a_lost_answer_is_outcome_unknown(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        dispatch = _sample(1, channel, stand_in)
        await stand_in.lose_answers()

        results = await channel.send([dispatch])

        expected = TransientError if _remembers(channel) else OutcomeUnknownError
        assert [type(result) for result in results] == [expected]
        assert not any(isinstance(result, TransientError) and not result.may_have_arrived for result in results)
        assert dispatch.dispatch_key in {arrival.dispatch_key for arrival in await stand_in.arrived()}

    async def test_a_refused_recipient_is_permanent(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        dispatch = _sample(1, channel, stand_in)
        await stand_in.refuse(dispatch.recipient)

        results = await channel.send([dispatch])

        assert [type(result) for result in results] == [PermanentError]

    async def test_a_bad_one_among_many_fails_alone(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        dispatches = [_sample(number, channel, stand_in) for number in range(1, 6)]
        await stand_in.refuse(dispatches[2].recipient)

        results = await channel.send(dispatches)

        assert [isinstance(result, Receipt) for result in results] == [True, True, False, True, True]
        arrived = {arrival.dispatch_key for arrival in await stand_in.arrived()}
        assert arrived == {dispatch.dispatch_key for dispatch in dispatches} - {dispatches[2].dispatch_key}

    async def test_wrong_credentials_are_misconfigured(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        await stand_in.reject_credentials()

        results = await channel.send([_sample(1, channel, stand_in)])

        assert [type(result) for result in results] == [MisconfiguredError]
        assert not await stand_in.arrived()

    async def test_check_tells_of_wrong_credentials(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        _skip_where_nobody_is_asked(stand_in)
        await stand_in.reject_credentials()

        with pytest.raises(MisconfiguredError):
            await channel.check()

    async def test_refusals_tell_neither_secrets_nor_content(
        self, channel: Channel, stand_in: ChannelStandIn, settings: ConnectorSettings
    ) -> None:
        dispatch = _sample(1, channel, stand_in)
        await stand_in.refuse(dispatch.recipient)

        _tells_nothing(await channel.send([dispatch]), dispatch, settings)

    async def test_lost_answers_tell_neither_secrets_nor_content(
        self, channel: Channel, stand_in: ChannelStandIn, settings: ConnectorSettings
    ) -> None:
        dispatch = _sample(1, channel, stand_in)
        await stand_in.lose_answers()

        _tells_nothing(await channel.send([dispatch]), dispatch, settings)

    async def test_outages_tell_neither_secrets_nor_content(
        self, channel: Channel, stand_in: ChannelStandIn, settings: ConnectorSettings
    ) -> None:
        dispatch = _sample(1, channel, stand_in)
        await stand_in.go_down()

        _tells_nothing(await channel.send([dispatch]), dispatch, settings)

    async def test_wrong_credentials_tell_neither_secrets_nor_content(
        self, channel: Channel, stand_in: ChannelStandIn, settings: ConnectorSettings
    ) -> None:
        dispatch = _sample(1, channel, stand_in)
        await stand_in.reject_credentials()

        _tells_nothing(await channel.send([dispatch]), dispatch, settings)

    async def test_settings_show_no_secret(self, settings: ConnectorSettings) -> None:
        assert not [secret for secret in _secrets(settings) if secret in f"{settings!r} {settings}"]


@pytest.mark.asyncio
class CollectingChannelConformance(_OverRegisteredChannels):
    """For channels that take many dispatches as one bundle."""

    collecting = True

    @pytest.fixture
    def collecting_channel(self, channel: Channel) -> Collects:
        assert isinstance(channel, Collects), "its stand-in says COLLECTS, but it cannot send bundles"
        return channel

    async def test_check_sends_nothing(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        await channel.check()

        assert not await stand_in.arrived()

    async def test_a_bundle_arrives_whole_and_in_its_sequence(
        self, collecting_channel: Collects, stand_in: ChannelStandIn
    ) -> None:
        pieces = _pieces(3)

        receipt = await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))

        assert receipt.reference
        assert not receipt.left_out
        arrived = await stand_in.arrived()
        assert [(arrival.dispatch_key, arrival.digests) for arrival in arrived] == [
            (piece.dispatch_key, _digests(piece)) for piece in pieces
        ]

    async def test_the_same_bundle_twice_arrives_once(
        self, collecting_channel: Collects, stand_in: ChannelStandIn
    ) -> None:
        pieces = _pieces(2)

        await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))
        await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))

        assert [arrival.dispatch_key for arrival in await stand_in.arrived()] == [
            piece.dispatch_key for piece in pieces
        ]

    async def test_a_piece_that_cannot_be_taken_is_left_out_alone(
        self, collecting_channel: Collects, stand_in: ChannelStandIn
    ) -> None:
        pieces = _pieces(3)
        pieces[1] = with_spoilt_letter(pieces[1])

        receipt = await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))

        assert {key: type(error) for key, error in receipt.left_out.items()} == {pieces[1].dispatch_key: PermanentError}
        assert [arrival.dispatch_key for arrival in await stand_in.arrived()] == [
            pieces[0].dispatch_key,
            pieces[2].dispatch_key,
        ]

    async def test_a_bundle_that_was_never_sent_did_not_arrive(self, collecting_channel: Collects) -> None:
        assert await collecting_channel.ask_bundle(_bundle(_pieces(1)).bundle_key) is None

    async def test_a_bundle_that_arrived_can_be_asked_for(self, collecting_channel: Collects) -> None:
        pieces = _pieces(2)
        sent = await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))

        asked = await collecting_channel.ask_bundle(_bundle(pieces).bundle_key)

        assert isinstance(asked, BundleReceipt)
        assert asked.reference == sent.reference

    async def test_a_lost_answer_is_settled_by_asking(
        self, collecting_channel: Collects, stand_in: ChannelStandIn
    ) -> None:
        pieces = _pieces(2)
        await stand_in.lose_answers()

        with pytest.raises(OutcomeUnknownError):
            await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))

        asked = await collecting_channel.ask_bundle(_bundle(pieces).bundle_key)
        assert (asked is not None) == bool(await stand_in.arrived())

    async def test_an_outage_is_transient(self, collecting_channel: Collects, stand_in: ChannelStandIn) -> None:
        pieces = _pieces(2)
        await stand_in.go_down()

        with pytest.raises(TransientError):
            await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))

    async def test_check_tells_of_an_outage(self, channel: Channel, stand_in: ChannelStandIn) -> None:
        await stand_in.go_down()

        with pytest.raises(TransientError):
            await channel.check()

    async def test_wrong_credentials_are_misconfigured(
        self, collecting_channel: Collects, stand_in: ChannelStandIn
    ) -> None:
        pieces = _pieces(1)
        await stand_in.reject_credentials()

        with pytest.raises(MisconfiguredError):
            await collecting_channel.send_bundle(_bundle(pieces), iter(pieces))

    async def test_errors_tell_neither_secrets_nor_content(
        self, collecting_channel: Collects, stand_in: ChannelStandIn, settings: ConnectorSettings
    ) -> None:
        spoilt, sound = with_spoilt_letter(_pieces(1)[0]), _pieces(2)[1]
        receipt = await collecting_channel.send_bundle(_bundle([spoilt, sound]), iter([spoilt, sound]))
        _tells_nothing(list(receipt.left_out.values()), spoilt, settings)
        await stand_in.go_down()

        with pytest.raises(ConnectorError) as told:
            await collecting_channel.send_bundle(_bundle([sound]), iter([sound]))

        _tells_nothing([told.value], sound, settings)

    async def test_settings_show_no_secret(self, settings: ConnectorSettings) -> None:
        assert not [secret for secret in _secrets(settings) if secret in f"{settings!r} {settings}"]


def _sample(number: int, channel: Channel, stand_in: ChannelStandIn) -> Dispatch:
    dispatch = sample_dispatch(number, channel.takes)
    return stand_in.addressed(dispatch) if isinstance(stand_in, DevicesStandIn) else dispatch


def _skip_where_nobody_is_asked(stand_in: ChannelStandIn) -> None:
    if isinstance(stand_in, DevicesStandIn) and not stand_in.can_be_asked:
        pytest.skip("nobody can be asked there without showing a message")


def _pieces(count: int) -> list[Dispatch]:
    return [sample_dispatch(number, frozenset({RenditionKind.LETTER})) for number in range(1, count + 1)]


def _bundle(pieces: Sequence[Dispatch]) -> Bundle:
    return Bundle(
        bundle_key=f"run-7-{len(pieces)}",
        created_at=datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
        pieces=len(pieces),
        run="run-7",
    )


def _digests(dispatch: Dispatch) -> dict[RenditionKind, str]:
    return {kind: rendition.sha256 for kind, rendition in dispatch.renditions.items()}


def _remembers(channel: Channel) -> bool:
    return isinstance(channel, Idempotent) and channel.remembers_dispatches


def _tells_nothing(results: Sequence[object], dispatch: Dispatch, settings: ConnectorSettings) -> None:
    errors = [result for result in results if isinstance(result, ConnectorError)]
    assert errors, "an error was expected"
    told = " ".join(f"{error} {error!r}" for error in _with_causes(errors))
    assert told.strip()
    assert not [word for word in (*customer_words(dispatch), *_secrets(settings)) if word in told]


def _with_causes(errors: Sequence[BaseException]) -> Iterator[BaseException]:
    """Yield the errors and whatever a traceback would print below them."""
    for error in errors:
        shown: BaseException | None = error
        while shown is not None:
            yield shown
            shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)


def _secrets(value: object) -> list[str]:
    """Return every secret that the settings hold, at any depth."""
    match value:
        case SecretStr():
            return [value.get_secret_value()] if value.get_secret_value() else []
        case BaseModel():
            inner: list[object] = [getattr(value, name) for name in type(value).model_fields]
        case dict():
            inner = list(cast("dict[object, object]", value).values())
        case list() | tuple():
            inner = list(cast("Sequence[object]", value))
        case _:
            inner = []
    return [secret for entry in inner for secret in _secrets(entry)]
