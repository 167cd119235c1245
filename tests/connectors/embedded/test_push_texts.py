"""Push messages from a text template."""

from pathlib import Path

from tests.connectors.embedded.project import compose_here, write_template
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.domain.document import RenditionKind
from xconnector.domain.push import PushNotice, read_push
from xconnector.testing.conformance.composer import rendition
from xconnector.testing.orders import sample_order


def compose(project: Path, template: str) -> Composition | ConnectorError:
    write_template(project, "short/push.txt", template)
    return compose_here(project, sample_order(template="short", kinds=frozenset({RenditionKind.PUSH})))


def test_a_push_message_has_title_body_and_link(tmp_path: Path) -> None:
    result = compose(
        tmp_path, "Police {{ data.policy_number }}\n\nSie ist da, {{ customer.name }}.\nhttps://portal.test/\n"
    )

    assert read_push(rendition(result, RenditionKind.PUSH).content) == PushNotice(
        title="Police P-2026-000001", body="Sie ist da, Jördis Sämann 1.", link="https://portal.test/"
    )


def test_what_no_device_should_show_is_refused_with_its_file(tmp_path: Path) -> None:
    result = compose(tmp_path, "{{ data.note }}")

    assert isinstance(result, PermanentError)
    assert str(result) == "templates/short/push.txt: a push message needs a title: its first line"
