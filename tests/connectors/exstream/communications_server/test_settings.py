import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xconnector.connectors.exstream.communications_server.file_names import folder_of, names_of, path_of
from xconnector.connectors.exstream.communications_server.settings import (
    CommunicationsServerSettings,
    DirectoryService,
)

FILES = {"kind": "files", "folder": "out"}
NAMES = st.text("abcXYZ019-_ ", min_size=1, max_size=20)


def directory(**settings: object) -> DirectoryService:
    service = {"kind": "directory", "folder": "in", "results": FILES, **settings}
    chosen = CommunicationsServerSettings.model_validate({"service": service}).service
    assert isinstance(chosen, DirectoryService)
    return chosen


@pytest.mark.parametrize(
    "name", ["run.in", "{submission}/x.in", "../{submission}.in", "{submission}{key}", "{", "{submission", "{}"]
)
def test_a_file_is_named_after_its_submission_and_stays_in_the_folder(name: str) -> None:
    with pytest.raises(ValidationError):
        directory(name=name)


@pytest.mark.parametrize(
    "name",
    [
        "{key}.pdf",
        "{submission}/{queue}.pdf",
        "../{submission}/{key}",
        "/{submission}/{key}",
        "{submission}//{key}",
        "{submission}/{key}/x.pdf",
        "{submission}/{key}{key}",
        "{submission}/..",
        "{submission}/{key}*",
    ],
)
def test_a_result_is_named_after_submission_and_customer_and_stays_in_the_folder(name: str) -> None:
    with pytest.raises(ValidationError):
        directory(results={**FILES, "name": name})


@pytest.mark.parametrize("workplace", ["", ".", "..", "a/b"])
def test_the_workplace_is_a_folder_of_its_own(workplace: str) -> None:
    with pytest.raises(ValidationError):
        directory(workplace=workplace)


@pytest.mark.parametrize("pattern", ["(", "letter", "(?P<name>.+)"])
def test_a_pattern_of_results_must_name_the_queue(pattern: str) -> None:
    sign_in = {"url": "https://otds.acme.test", "user": "composer", "password": "secret"}
    service = {"kind": "gateway", "url": "https://sgw.acme.test", "tenant": "acme", "sign_in": sign_in}
    with pytest.raises(ValidationError):
        CommunicationsServerSettings.model_validate({"service": {**service, "results": {"pattern": pattern}}})


def test_secrets_do_not_show() -> None:
    sign_in = {"url": "https://otds.acme.test", "user": "composer", "password": "a-password-nobody-may-see"}
    service = {"kind": "gateway", "url": "https://sgw.acme.test", "tenant": "acme", "sign_in": sign_in}

    assert "nobody-may-see" not in repr(CommunicationsServerSettings.model_validate({"service": service}))


def test_a_broker_needs_the_namespace_of_its_wsdl() -> None:
    with pytest.raises(ValidationError, match="namespace"):
        CommunicationsServerSettings.model_validate({"service": {"kind": "broker", "url": "http://127.0.0.1:1717"}})


@given(submission=NAMES, key=st.text("abc019-.", min_size=1, max_size=20), queue=NAMES)
def test_what_a_name_is_made_of_is_found_in_it_again(submission: str, key: str, queue: str) -> None:
    pattern = "{submission}/{key}.{queue}.{suffix}"
    found = names_of(pattern, submission, {queue, "another"}).fullmatch(f"{key}.{queue}.pdf")

    assert folder_of(pattern, submission) == submission
    assert found is not None
    assert found.groupdict() == {"key": key, "queue": queue, "suffix": "pdf"}


@given(submission=NAMES, other=NAMES)
def test_the_names_of_another_submission_are_not_taken(submission: str, other: str) -> None:
    spelled = names_of("{submission}#{key}", submission, {"letter"})

    assert (spelled.fullmatch(f"{other}#K1") is not None) is (submission == other)
    assert path_of("in/{submission}.x", submission) == f"in/{submission}.x"


@pytest.mark.parametrize(
    "pattern, name, key, queue",
    [
        ("{submission}_{queue}_{key}.{suffix}", "run_mail_K_1.html", "K_1", "mail"),
        ("{submission}_{queue}_{key}.{suffix}", "run_mail_out_K_1.html", "K_1", "mail_out"),
        ("{submission}_{key}_{queue}.{suffix}", "run_K_1_mail.html", "K_1", "mail"),
        ("{submission}_{key}_{queue}.{suffix}", "run_K_1_mail_out.html", "K_1", "mail_out"),
        ("{submission}{queue}{key}.{suffix}", "runmailK.1.html", "K.1", "mail"),
    ],
)
def test_a_queue_in_a_name_is_one_that_the_design_declares(pattern: str, name: str, key: str, queue: str) -> None:
    spelled = names_of(pattern, "run", {"mail", "mail_out", "archive"})
    found = spelled.fullmatch(name)

    assert found is not None
    assert found.groupdict() == {"key": key, "queue": queue, "suffix": "html"}
    assert spelled.fullmatch(name.replace("mail", "else")) is None
