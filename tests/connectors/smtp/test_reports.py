"""Bounces are taken from a Maildir, and none is lost."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from xconnector.connectors.smtp.channel import SmtpChannel
from xconnector.connectors.smtp.settings import SmtpSettings
from xconnector.contract.channel import Inbound, ReportsByPolling
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.domain.reference_token import Purpose, sign
from xconnector.sandbox.relay import SandboxRelay

SECRET = "a secret of some length"
KEY = "01970000-0000-7000-8000-000000000001-0"
AUTO_REPLY = (
    f"Delivered-To: b+{sign(KEY, Purpose.RETURN, SECRET.encode())}@b.test\nAuto-Submitted: auto-replied\n\nAway\n"
)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("tmp", "new", "cur"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    return tmp_path / "bounces"


def channel_of(folder: Path, *, port: int = 25) -> SmtpChannel:
    settings = SmtpSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": port,
            "tls": "none",
            "sender": {"address": "service@aurora.test"},
            "token_secret": SECRET,
            "bounces": {"maildir": "bounces"},
        }
    )
    return SmtpChannel(settings, Surroundings(project_folder=folder, state_folder=folder))


async def reports_in(folder: Path) -> list[Inbound[Sequence[DeliveryEvent]]]:
    async with channel_of(folder) as channel:
        assert isinstance(channel, ReportsByPolling)
        return [report async for report in channel.reports()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_report_is_given_again_until_it_is_acknowledged(tmp_path: Path, maildir: Path) -> None:
    (maildir / "new" / "1.relay").write_text(AUTO_REPLY)

    (first,) = await reports_in(tmp_path)
    (again,) = await reports_in(tmp_path)
    await again.ack()

    assert first.item == again.item
    assert [event.type for event in first.item] == [DeliveryEventType.AUTOREPLIED]
    assert await reports_in(tmp_path) == []
    assert names(maildir / "cur") == ["1.relay:2,S"]


async def test_a_report_that_nobody_can_use_is_set_aside_with_the_reason(tmp_path: Path, maildir: Path) -> None:
    (maildir / "new" / "1.relay").write_text(AUTO_REPLY)

    (report,) = await reports_in(tmp_path)
    await report.nack("no such communication")

    assert await reports_in(tmp_path) == []
    assert (maildir / "set-aside" / "1.relay").read_text() == AUTO_REPLY
    assert (maildir / "set-aside" / "1.relay.reason").read_text() == "no such communication\n"


async def test_a_mail_that_is_not_ours_is_set_aside_and_does_not_stop_the_next(tmp_path: Path, maildir: Path) -> None:
    (maildir / "new" / "1.relay").write_text("Subject: You have won\n\nClick here\n")
    (maildir / "new" / "2.relay").write_text(AUTO_REPLY)

    (report,) = await reports_in(tmp_path)

    assert report.item[0].dispatch_key == KEY
    assert names(maildir / "set-aside") == ["1.relay", "1.relay.reason"]


async def test_two_workers_may_take_the_same_report(tmp_path: Path, maildir: Path) -> None:
    (maildir / "new" / "1.relay").write_text(AUTO_REPLY)

    (one,) = await reports_in(tmp_path)
    (other,) = await reports_in(tmp_path)
    await one.ack()
    await other.ack()

    assert names(maildir / "cur") == ["1.relay:2,S"]


async def test_a_link_in_the_maildir_is_not_followed(tmp_path: Path, maildir: Path) -> None:
    (tmp_path / "secret").write_text(AUTO_REPLY)
    (maildir / "new" / "1.relay").symlink_to(tmp_path / "secret")

    assert await reports_in(tmp_path) == []


async def test_a_maildir_that_waits_for_its_first_mail_has_no_news(tmp_path: Path) -> None:
    assert await reports_in(tmp_path) == []


async def test_of_an_endless_mail_only_the_beginning_is_read(tmp_path: Path, maildir: Path) -> None:
    with (maildir / "new" / "1.relay").open("w") as file:
        file.write(AUTO_REPLY)
        file.truncate(100 * 1024 * 1024)

    (report,) = await reports_in(tmp_path)

    assert len(report.item[0].raw) <= 64 * 1024


async def test_check_tells_of_a_maildir_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "bounces").mkdir()
    async with (
        SandboxRelay(tmp_path / "relay", tmp_path / "elsewhere") as relay,
        channel_of(tmp_path, port=relay.port) as channel,
    ):
        with pytest.raises(MisconfiguredError, match="bounces/new"):
            await channel.check()
