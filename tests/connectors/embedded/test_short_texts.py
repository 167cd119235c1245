from pathlib import Path

from tests.connectors.embedded.project import compose_here, write_template
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance.composer import rendition
from xconnector.testing.orders import named, sample_order


def compose(
    project: Path, template: str, order: Order | None = None, **settings: object
) -> Composition | ConnectorError:
    write_template(project, "short/sms.txt", template)
    order = order or sample_order(template="short", kinds=frozenset({RenditionKind.SMS}))
    return compose_here(project, order, **settings)


def text_of(result: Composition | ConnectorError) -> str:
    return rendition(result, RenditionKind.SMS).content.decode("utf-8")


def test_a_short_message_is_its_text(tmp_path: Path) -> None:
    result = compose(tmp_path, "Police {{ data.policy_number }} & {{ customer.name }}\n\n")

    assert text_of(result) == "Police P-2026-000001 & Jördis Sämann 1"


def test_typographic_dashes_become_cheap_ones(tmp_path: Path) -> None:
    assert text_of(compose(tmp_path, "9 – 10 Uhr")) == "9 - 10 Uhr"
    assert text_of(compose(tmp_path, "9 – 10 Uhr", sms_plain_punctuation=False)) == "9 – 10 Uhr"


def test_a_text_beyond_the_limit_is_refused_with_its_price(tmp_path: Path) -> None:
    result = compose(tmp_path, "A" * 460)

    assert isinstance(result, PermanentError)
    assert str(result).startswith(
        "templates/short/sms.txt: the text takes 4 segments (460 gsm-7 units) and 3 are allowed"
    )


def test_an_empty_text_is_refused(tmp_path: Path) -> None:
    result = compose(tmp_path, "{{ data.note }}")

    assert str(result) == "templates/short/sms.txt: the text is empty with this data"


def test_a_fault_has_file_and_line_and_no_content(tmp_path: Path) -> None:
    order = named(sample_order(template="short", kinds=frozenset({RenditionKind.SMS})), "Meyerhold")

    result = compose(tmp_path, "one\n{{ data[customer.name] }}", order)

    assert isinstance(result, PermanentError)
    assert str(result).startswith("templates/short/sms.txt:2: ")
    assert "Meyerhold" not in str(result)
