"""What the service is sent: in the sequence of its schema, with or without an account."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from xconnector.connectors.exstream.engine_service.mtom import unpack
from xconnector.connectors.exstream.engine_service.request import Compose, compose_request
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.engine_service.user_token import BASE64, PASSWORD_TEXT, WSSE, WSU, Stamp
from xconnector.connectors.exstream.soap import SOAP, XmlElement

_URL = "https://engine.test/EngineService/EngineService"
_STAMP = Stamp(nonce=b"\x00\xffnonce", created_at=datetime(2026, 11, 23, 13, tzinfo=timezone(timedelta(hours=1))))
_PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=100)


def _settings(**settings: object) -> EngineServiceSettings:
    return EngineServiceSettings.model_validate({"url": _URL, **settings})


def _compose(driver: bytes = b'{"a": 1}', package: str | None = "App.pub") -> Compose:
    return Compose(package=package, driver=driver, options={"RUNMODE": "PRODUCTION"}, file_id="4711")


def _envelope(compose: Compose, settings: EngineServiceSettings, stamp: Stamp | None = None) -> XmlElement:
    return etree.fromstring(unpack(compose_request(compose, settings, stamp)).envelope)


def _request(compose: Compose, **settings: object) -> XmlElement:
    found = _envelope(compose, _settings(**settings)).find(
        f"{{{SOAP}}}Body/{{urn:hpexstream-services/Engine}}Compose/EWSComposeRequest"
    )
    assert found is not None
    return found


def _names(element: XmlElement) -> list[str]:
    return [str(child.tag) for child in element]


def test_its_elements_come_in_the_sequence_of_the_schema() -> None:
    request = _request(_compose(), driver_encoding="UTF8", output_file={"directory": "/out", "name": "{id}.pdf"})

    assert _names(request) == [
        "driver",
        "driverEncoding",
        "engineOptions",
        "fileReturnRegEx",
        "includeHeader",
        "includeMessageFile",
        "outputFile",
        "pubFile",
    ]
    assert [child.text for child in request[6]] == ["/out", "4711.pdf"]


def test_what_is_not_set_is_not_sent() -> None:
    assert _names(_request(_compose(package=None))) == [
        "driver",
        "engineOptions",
        "fileReturnRegEx",
        "includeHeader",
        "includeMessageFile",
    ]


@given(st.binary(max_size=500))
def test_the_driver_travels_in_the_envelope(driver: bytes) -> None:
    request = _request(_compose(driver))

    assert b64decode(request.findtext("driver/driver") or "", validate=True) == driver
    assert request.findtext("driver/fileName") == "INPUT"


@given(st.binary(max_size=500))
def test_the_driver_travels_beside_the_envelope(driver: bytes) -> None:
    unpacked = unpack(compose_request(_compose(driver), _settings(mtom=True), None))

    assert list(unpacked.attachments.values()) == [driver]
    (include,) = etree.fromstring(unpacked.envelope).iter("{http://www.w3.org/2004/08/xop/include}Include")
    assert str(include.get("href")) == f"cid:{next(iter(unpacked.attachments))}"


@pytest.mark.parametrize(
    "element, expected",
    [
        ("pubFile", [["App.pub"], ["Res.pub"]]),
        ("pubFiles", [["App.pub"], ["Res.pub"]]),
        ("pubFiles/pubFile", [["App.pub", "Res.pub"]]),
    ],
)
def test_packages_are_named_as_the_installation_wants_it(element: str, expected: list[list[str]]) -> None:
    request = _request(_compose(), package_element=element, further_packages=["Res.pub"])

    found = [child for child in request if str(child.tag) == element.partition("/")[0]]
    assert [[part.text for part in child] or [child.text] for child in found] == expected


@given(_PRINTABLE, _PRINTABLE, st.booleans())
def test_an_account_is_named_in_the_header(user: str, password: str, stamped: bool) -> None:
    settings = _settings(token={"user": user, "password": password, "stamped": stamped})

    envelope = _envelope(_compose(), settings, _STAMP if stamped else None)

    security = envelope.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security")
    assert security is not None
    assert security.get(f"{{{SOAP}}}mustUnderstand") == "0"
    (token,) = security
    assert token.findtext(f"{{{WSSE}}}Username") == user
    secret = token.find(f"{{{WSSE}}}Password")
    assert secret is not None
    assert (secret.text, secret.get("Type")) == (password, PASSWORD_TEXT)
    assert (token.find(f"{{{WSSE}}}Nonce") is not None) is stamped


@given(st.binary(min_size=1, max_size=64), st.datetimes(min_value=datetime(2000, 1, 1)))  # noqa: DTZ001 - given its zone below
def test_a_stamp_bears_nonce_and_time(nonce: bytes, moment: datetime) -> None:
    settings = _settings(token={"user": "u", "password": "p", "stamped": True})
    stamp = Stamp(nonce=nonce, created_at=moment.replace(tzinfo=UTC))

    envelope = _envelope(_compose(), settings, stamp)

    (found,) = envelope.iter(f"{{{WSSE}}}Nonce")
    (created,) = envelope.iter(f"{{{WSU}}}Created")
    assert b64decode(found.text or "", validate=True) == nonce
    assert found.get("EncodingType") == BASE64
    told = datetime.fromisoformat(created.text or "")
    assert abs(told - stamp.created_at) < timedelta(milliseconds=1)
    assert (created.text or "").endswith("Z")


def test_times_are_told_in_utc() -> None:
    settings = _settings(token={"user": "u", "password": "p", "stamped": True})

    (created,) = _envelope(_compose(), settings, _STAMP).iter(f"{{{WSU}}}Created")

    assert created.text == "2026-11-23T12:00:00.000Z"


def test_a_password_stands_in_no_repr() -> None:
    settings = _settings(token={"user": "u", "password": "hunter2"})

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(compose_request(_compose(), settings, None))


def test_the_body_is_what_its_content_type_says() -> None:
    plain = compose_request(_compose(), _settings(), None)
    beside = compose_request(_compose(), _settings(mtom=True), None)

    assert plain.media_type == "text/xml; charset=utf-8"
    head = f"Content-Type: {beside.media_type}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head)
    assert message.get_param("start-info") == "text/xml"


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://engine.test"},
        {"url": "https://user:secret@engine.test/x"},
        {"url": _URL, "engine_options": {"-RUNMODE": "LOCAL"}},
        {"url": _URL, "package_element": "a/b/c"},
        {"url": _URL, "token": {"user": "u", "password": "two\nlines"}},
        {"url": _URL, "soap_action": "a\r\nX: y"},
        {"url": _URL, "orders_per_call": 5, "output_file": {"name": "x.pdf"}},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EngineServiceSettings.model_validate(settings)
