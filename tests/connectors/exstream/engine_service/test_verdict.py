"""Whether a call composed, and what a failure means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.exstream.engine_service.answers import answered, engine_exception, fault, returned
from xconnector.connectors.exstream.engine_service.answer import ComposeAnswer
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.engine_service.user_token import WSSE
from xconnector.connectors.exstream.engine_service.verdict import failure_of, refusal_of
from xconnector.connectors.exstream.soap import Fault, read_envelope
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError


def _settings(**settings: object) -> EngineServiceSettings:
    return EngineServiceSettings.model_validate({"url": "http://engine.test/EngineService", **settings})


def _failure(answer: ComposeAnswer, **settings: object) -> ConnectorError | None:
    return failure_of(answer, _settings(**settings))


def _refusal(content: bytes, **settings: object) -> ConnectorError:
    read = read_envelope(content)
    assert isinstance(read, Fault)
    return refusal_of(read, _settings(**settings))


@given(st.lists(st.integers(0, 20), min_size=1), st.integers(1, 20), st.text())
def test_return_codes_count_before_anything_else(codes: list[int], failed_from: int, status: str) -> None:
    files = [returned("a.pdf", return_code=code) for code in codes]
    answer = answered(*files, status=status, messages=b"EX001001S broken")

    assert (_failure(answer, failed_from=failed_from) is None) is (max(codes) < failed_from)


@pytest.mark.parametrize("status", ["12", "rc=12", "Return code 12.", "an error came", "ERROR"])
def test_without_return_codes_the_status_counts(status: str) -> None:
    assert isinstance(_failure(answered(returned("a.pdf"), status=status)), PermanentError)


@pytest.mark.parametrize("status", ["0", "composed 120 pages", "2012", "done", "EX000012I"])
def test_a_number_in_a_status_counts_where_it_stands_alone(status: str) -> None:
    assert _failure(answered(returned("a.pdf"), status=status)) is None


def test_the_words_of_a_status_are_a_setting() -> None:
    answer = answered(returned("a.pdf"), status="Fehler")

    assert _failure(answer) is None
    assert _failure(answer, failed_words=["fehler"]) is not None


@pytest.mark.parametrize("letter, fails", [("I", False), ("W", False), ("E", True), ("S", True)])
def test_without_code_and_status_the_messages_count(letter: str, fails: bool) -> None:
    answer = answered(returned("a.pdf"), messages=f"EX001001{letter} said".encode())

    assert (_failure(answer) is not None) is fails


def test_no_file_is_a_failure() -> None:
    assert isinstance(_failure(answered(status="fine")), PermanentError)
    assert isinstance(_failure(answered()), PermanentError)


@pytest.mark.parametrize("encoding, said", [("UTF16", "utf-16"), ("ISO88591", "iso-8859-1"), ("UTF8", "utf-8")])
def test_messages_are_told_by_their_ids_only(encoding: str, said: str) -> None:
    messages = "EX003004E Kundin Jördis Sämann\r\nEX001001S Anna\r\n".encode(said)

    failure = _failure(answered(status="12", messages=messages), message_encoding=encoding)

    assert "EX003004E" in str(failure)
    assert "EX001001S" in str(failure)
    assert "Jördis" not in str(failure)
    assert "Anna" not in str(failure)


def test_what_a_message_means_is_a_setting() -> None:
    answer = answered(status="12", messages=b"EX000777S the license is used up")

    assert isinstance(_failure(answer), PermanentError)
    assert isinstance(_failure(answer, message_meanings={"EX000777S": "misconfigured"}), MisconfiguredError)
    assert isinstance(_failure(answer, message_meanings={"EX000777S": "transient"}), TransientError)


@pytest.mark.parametrize(
    "content, expected",
    [
        (fault("FailedAuthentication", "no", namespace=WSSE), MisconfiguredError),
        (fault("MustUnderstand", "no"), MisconfiguredError),
        (fault("Client", "bad request"), PermanentError),
        (fault("Server", "broken"), TransientError),
        (fault("Server", "broken", engine_exception("it ended")), PermanentError),
        (fault("Server", "broken", engine_exception("Timed out waiting")), TransientError),
        (fault("Server", "broken", engine_exception("invalid license key")), MisconfiguredError),
        (fault("Server", "Not authorized"), MisconfiguredError),
    ],
)
def test_faults_have_a_meaning(content: bytes, expected: type[ConnectorError]) -> None:
    assert type(_refusal(content)) is expected


def test_what_faults_mean_is_a_setting() -> None:
    content = fault("Server", "broken", engine_exception("it ended"))

    assert isinstance(_refusal(content, engine_fault="transient"), TransientError)
    assert isinstance(_refusal(content, fault_words={"ENDED": "misconfigured"}), MisconfiguredError)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="<&>"), min_size=1))
def test_what_a_fault_says_changes_nothing_that_is_told(said: str) -> None:
    content = fault("Server", said, engine_exception(said))

    assert str(_refusal(content, fault_words={})) == str(
        _refusal(fault("Server", "x", engine_exception("x")), fault_words={})
    )


def test_a_code_that_is_no_name_is_not_told() -> None:
    assert "Jördis" not in str(_refusal(fault("Kundin Jördis", "x")))
