"""How the way to a broker is protected."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from xconnector.connectors.kafka.settings import KafkaSettings
from xconnector.connectors.nats.settings import NatsSettings
from xconnector.connectors.rabbitmq.settings import RabbitmqSettings
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.settings import ConnectorSettings
from xconnector.contract.transport import Transport, is_this_machine


def nats(host: str, **transport: bool) -> NatsSettings:
    return NatsSettings.model_validate({"servers": [f"nats://{host}:4222"], "stream": "S", "transport": transport})


def kafka(host: str, **transport: bool) -> KafkaSettings:
    return KafkaSettings.model_validate({"brokers": [f"{host}:9092"], "topics": ["t"], "transport": transport})


def rabbitmq(host: str, **transport: bool) -> RabbitmqSettings:
    stated = {"host": host, "queue": "q", "user": "u", "password": "p", "transport": transport}
    return RabbitmqSettings.model_validate(stated)


@pytest.mark.parametrize("settings", [nats, kafka, rabbitmq])
def test_content_does_not_cross_a_network_readable_by_others(settings: Callable[..., ConnectorSettings]) -> None:
    with pytest.raises(ValidationError, match=r"readable on the way to broker\.test"):
        settings("broker.test", tls=False)
    assert settings("broker.test", tls=False, plain_text_allowed=True)
    assert settings("broker.test")
    assert settings("127.0.0.1", tls=False)


def test_a_file_that_is_amiss_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")

    with pytest.raises(MisconfiguredError, match=r"ca\.pem holds no certificates"):
        Transport(ca_file=Path("ca.pem")).context(tmp_path)
    with pytest.raises(MisconfiguredError, match=r"no file gone\.pem"):
        Transport(ca_file=Path("gone.pem")).context(tmp_path)


def test_without_tls_there_is_nothing_to_prove(tmp_path: Path) -> None:
    assert Transport(tls=False).context(tmp_path) is None


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ValidationError, match="belong together"):
        Transport(certificate_file=Path("own.pem"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_this_machine_is_known_by_name_and_address(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["localhost.test", "10.0.0.1", "", "::2"])
def test_others_are_not_this_machine(host: str) -> None:
    assert not is_this_machine(host)
