"""Settings: what is refused, and with which words."""

from typing import Any

import pytest
from pydantic import ValidationError

from xconnector.connectors.print_house.destinations import SftpDestination
from xconnector.connectors.print_house.settings import PrintHouseSettings

SFTP = {"kind": "sftp", "host": "sftp.house.test", "user": "aurora", "password": "geheim", "host_key": "ssh-ed25519 A"}


def read(**settings: Any) -> PrintHouseSettings:  # noqa: ANN401 - any setting
    return PrintHouseSettings.model_validate({"destination": {"kind": "folder", "folder": "print"}, **settings})


@pytest.mark.parametrize(
    "changed,told",
    [
        ({"host_key": None}, "ssh-keyscan"),
        ({"host_key": ""}, "ssh-keyscan"),
        ({"host_key": None, "any_host_key_on_loopback": True}, "127.0.0.1 only"),
        ({"password": None}, "`password` or `private_key`"),
        ({"password": ""}, "`password` or `private_key`"),
        ({"private_key": "a key as well"}, "`password` or `private_key`"),
        ({"folder": 7}, "string"),
        ({"colour": "blue"}, "colour"),
        ({"kind": "ftp"}, "'folder', 'sftp'"),
    ],
)
def test_a_destination_that_is_not_safe_or_complete_is_refused(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        read(destination={**SFTP, **changed})

    assert "geheim" not in str(refused.value.errors(include_input=False))


def test_a_sandbox_on_this_machine_needs_no_pinned_key() -> None:
    changed = {"host": "127.0.0.1", "host_key": "", "any_host_key_on_loopback": True}

    destination = read(destination={**SFTP, **changed}).destination

    assert isinstance(destination, SftpDestination)
    assert destination.host_key is None


@pytest.mark.parametrize(
    "envelopes",
    [
        [],
        [{"name": "C6/5", "up_to_sheets": 3}, {"name": "C5", "up_to_sheets": 3}],
        [{"name": "C4"}, {"name": "C6/5", "up_to_sheets": 3}],
        [{"name": "C4", "up_to_sheets": 9}, {"name": "C6/5", "up_to_sheets": 3}],
    ],
)
def test_envelopes_that_contradict_one_another_are_refused(envelopes: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError, match="envelope"):
        read(envelopes=envelopes)


def test_secrets_are_never_shown() -> None:
    assert "geheim" not in repr(read(destination=SFTP))
