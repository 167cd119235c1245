"""Encrypted and signed: the house's program opens what we lay down, and we believe only what the house signed."""

import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pysequoia
import pytest
from pysequoia import Tsk

from tests.connectors.print_house.letters import bundle_of, letter, piece
from xconnector.connectors.print_house import MANIFEST
from xconnector.connectors.print_house.channel import PrintHouse
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.contract.channel import Channel
from xconnector.contract.errors import MisconfiguredError, PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType

PIECES = [piece(1, letter(2), pages=2), piece(2)]
US = Tsk.generate("Aurora <print@aurora.test>")
STRANGER = Tsk.generate("Stranger <mail@stranger.test>")
LINE = b'{"bundle": "run-7-1", "status": "accepted", "at": "2026-11-23T10:00:00Z"}\n'


class House:
    """A house that works with GnuPG: a folder of keys, and one of files."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder = folder
        self._environment = {**os.environ, "GNUPGHOME": str(home)}
        home.mkdir(mode=0o700)
        self.gpg("--quick-gen-key", "House <in@house.test>", "future-default", "default", "never")
        self.gpg("--import", given=str(US.extract_certificate()).encode())
        self.certificate = self.gpg("--armor", "--export", "in@house.test")

    def gpg(self, *words: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--batch", "--quiet", "--trust-model", "always", "--passphrase", "", *words]
        return subprocess.run(command, input=given, env=self._environment, check=True, capture_output=True).stdout

    def opened(self, name: str) -> tuple[bytes, str]:
        """Return what a file says, and what the program tells of its packets and signatures."""
        command = ["gpg", "--batch", "--status-fd", "2", "--trust-model", "always", "--decrypt", self.folder / name]
        told = subprocess.run(command, env=self._environment, check=True, capture_output=True)
        return told.stdout, told.stderr.decode("utf-8", "replace")

    def answers(self, content: bytes, name: str = "run-7-1.ack.jsonl.pgp") -> None:
        (self.folder / "acks").mkdir(exist_ok=True)
        (self.folder / "acks" / name).write_bytes(content)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("gpg")
    return House(folder / "home", folder)


@pytest.fixture
def house(keys: House, tmp_path: Path) -> House:
    keys.folder = tmp_path / "print"
    keys.folder.mkdir()
    (tmp_path / "house.asc").write_bytes(keys.certificate)
    return keys


def opened(project: Path, *, state: str = "state", pgp: Mapping[str, object] | None = None) -> Channel:
    settings = PrintHouseSettings.model_validate(
        {
            "destination": {"kind": "folder", "folder": "print"},
            "acknowledgement": {"folder": "acks"},
            "pgp": {"house_key": "house.asc", "our_key": str(US), **(pgp or {})},
        }
    )
    assert MANIFEST.channel is not None
    return MANIFEST.channel(settings, Surroundings(project_folder=project, state_folder=project / state))


@pytest.fixture
async def channel(house: House, tmp_path: Path) -> AsyncIterator[PrintHouse]:
    del house
    async with opened(tmp_path) as channel:
        assert isinstance(channel, PrintHouse)
        yield channel


async def reported(channel: PrintHouse) -> list[DeliveryEvent]:
    return [event async for inbound in channel.reports() for event in inbound.item]


@pytest.mark.peer("gpg")
async def test_the_houses_program_opens_every_file_and_finds_our_signature(channel: PrintHouse, house: House) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    names = sorted(path.name for path in house.folder.iterdir())
    assert names == [
        "run-7-1-p001.pdf.pgp",
        "run-7-1.done",
        "run-7-1.manifest.jsonl.pgp",
        "run-7-1.totals.json.pgp",
    ]
    pdf, told = house.opened("run-7-1-p001.pdf.pgp")
    assert pdf.startswith(b"%PDF")
    # GOODMDC: the older kind of packet, whose integrity every program proves.
    assert {"[GNUPG:] GOODMDC", "GOODSIG", "VALIDSIG"} <= {*told.splitlines(), *told.split()}
    assert json.loads(house.opened("run-7-1.totals.json.pgp")[0])["pieces"] == 2


@pytest.mark.peer("gpg")
async def test_another_machine_opens_its_manifest_that_lies_at_the_house(
    channel: PrintHouse, house: House, tmp_path: Path
) -> None:
    del house
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    async with opened(tmp_path, state="another-machine") as other:
        assert isinstance(other, PrintHouse)
        assert await other.ask_bundle("run-7-1") is not None


@pytest.mark.peer("gpg")
async def test_an_answer_that_the_house_encrypted_and_signed_is_taken(channel: PrintHouse, house: House) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    sealed = house.gpg("--compress-algo", "none", "--encrypt", "--sign", "-r", "print@aurora.test", given=LINE)
    house.answers(sealed)

    assert {event.type for event in await reported(channel)} == {DeliveryEventType.ACCEPTED}


@pytest.mark.peer("gpg")
async def test_an_answer_that_the_house_only_signed_is_taken(channel: PrintHouse, house: House) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    house.answers(house.gpg("--clearsign", given=LINE), "run-7-1.ack.jsonl.asc")

    assert len(await reported(channel)) == 2


@pytest.mark.peer("gpg")
@pytest.mark.parametrize("forgery", ["unsigned", "of a stranger", "plain", "torn", "packed"])
async def test_an_answer_that_is_not_of_the_house_is_set_aside(house: House, tmp_path: Path, forgery: str) -> None:
    ours = [US.extract_certificate()]
    content = {
        "unsigned": pysequoia.encrypt(LINE, recipients=ours),
        "of a stranger": pysequoia.encrypt(LINE, recipients=ours, signer=STRANGER.signer()),
        "plain": LINE,
        "packed": house.gpg("--encrypt", "--sign", "--recipient", "print@aurora.test", given=LINE),
        "torn": house.gpg("--encrypt", "--sign", "--recipient", "print@aurora.test", given=LINE)[:-40],
    }[forgery]
    async with opened(tmp_path, pgp={"signed_answers_only": True}) as channel:
        assert isinstance(channel, PrintHouse)
        await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
        house.answers(content, "run-7-1.ack.jsonl" if forgery == "plain" else "run-7-1.ack.jsonl.pgp")

        with pytest.raises(PermanentError, match="not understood"):
            await reported(channel)

    assert [path.suffix for path in (house.folder / "acks" / "set-aside").iterdir() if path.suffix == ".txt"]


@pytest.mark.peer("gpg")
async def test_a_bundle_sent_again_is_sealed_once(channel: PrintHouse, house: House) -> None:
    # Everything is laid down but the trigger.
    (house.folder / ".run-7-1.done.part").mkdir()
    with pytest.raises(MisconfiguredError):
        await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    before = {path.name: path.stat().st_ino for path in house.folder.glob("*.pgp")}
    (house.folder / ".run-7-1.done.part").rmdir()

    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert {path.name: path.stat().st_ino for path in house.folder.glob("*.pgp")} == before


async def test_a_key_that_asks_for_newer_packets_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "house.asc").write_text(str(STRANGER.extract_certificate()))

    with pytest.raises(MisconfiguredError, match="newer_encryption"):
        async with opened(tmp_path):
            pass
    async with opened(tmp_path, pgp={"newer_encryption": True}):
        pass


@pytest.mark.parametrize(
    "pgp, match",
    [
        ({"house_key": "none.asc"}, "no key at"),
        ({"house_key": "letter.pdf"}, "no OpenPGP certificate"),
        ({"our_key": "secret words"}, "our_key"),
        ({"our_key": str(US.extract_certificate())}, "our_key"),
    ],
)
async def test_wrong_keys_are_told_without_their_words(tmp_path: Path, pgp: Mapping[str, object], match: str) -> None:
    (tmp_path / "house.asc").write_text(str(STRANGER.extract_certificate()))
    (tmp_path / "letter.pdf").write_bytes(letter(1))

    with pytest.raises(MisconfiguredError, match=match) as told:
        async with opened(tmp_path, pgp=pgp):
            pass

    assert "secret words" not in str(told.value)
