import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.connectors.embedded.project import MAIL, MAIL_TEXT, compose_here, write_sample_template, write_template
from xconnector.connectors.embedded.faults import DocumentError
from xconnector.connectors.embedded.mail import refuse_unsafe
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance.composer import rendition
from xconnector.testing.orders import named, sample_order, with_data

LINE_BREAK = re.compile(r"\r\n|\r|\n")


def mail_order(number: int = 1) -> Order:
    return sample_order(number, template="mail", kinds=frozenset({RenditionKind.EMAIL}))


def compose(
    project: Path, *, html: str = MAIL, text: str = MAIL_TEXT, order: Order | None = None
) -> Composition | ConnectorError:
    write_sample_template(project, "mail")
    write_template(project, "mail/e-mail.mjml", html)
    write_template(project, "mail/e-mail.txt", text)
    return compose_here(project, order or mail_order())


def with_body(body: str) -> str:
    section = f"<mj-section><mj-column>\n<mj-text>{body}</mj-text>\n</mj-column></mj-section>"
    return f"<mjml><mj-body>\n{section}\n</mj-body></mjml>"


def read(result: Composition | ConnectorError) -> EmailMessage:
    content = rendition(result, RenditionKind.EMAIL).content
    return email.message_from_bytes(content, policy=email.policy.default)


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found is not None
    return LINE_BREAK.sub("\n", str(found.get_content()))


def test_an_email_has_subject_text_and_html(tmp_path: Path) -> None:
    message = read(compose(tmp_path))

    assert message["Subject"] == "Ihre Börsenpolice Nr. 1 für Jördis Sämann 1"
    assert message.get_content_type() == "multipart/alternative"
    assert [piece.get_content_type() for piece in message.iter_parts()] == ["text/plain", "text/html"]
    assert "Hallo Jördis Sämann 1," in part(message, "plain")
    assert "Police P-2026-000001" in part(message, "html")
    assert "<td>Glasbruch</td>" in part(message, "html")


def test_shared_pieces_are_included(tmp_path: Path) -> None:
    message = read(compose(tmp_path))

    assert "Ihre Aurora Versicherung AG" in part(message, "plain")
    assert "Aurora Versicherung AG" in part(message, "html")


def test_an_email_has_no_transport_headers_and_sound_lines(tmp_path: Path) -> None:
    result = compose(tmp_path)
    content = rendition(result, RenditionKind.EMAIL).content

    assert set(read(result).keys()) == {"Subject", "MIME-Version", "Content-Type"}
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert content.isascii()


def test_no_web_font_tells_who_reads_the_mail(tmp_path: Path) -> None:
    assert "fonts.googleapis" not in part(read(compose(tmp_path)), "html")


def test_customers_words_stay_text(tmp_path: Path) -> None:
    order = named(mail_order(), "<script>alert(1)</script>{{ 7*7 }}<!-- \" ' href=javascript:x")

    html = part(read(compose(tmp_path, order=order)), "html")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}&lt;!--" in html


def test_a_subject_can_add_no_header(tmp_path: Path) -> None:
    order = named(mail_order(), "Anna\r\nBcc: victim@elsewhere.test\r\n\r\nbody\u2028x")

    message = read(compose(tmp_path, order=order))

    assert message["Subject"].endswith("für Anna Bcc: victim@elsewhere.test body x")
    assert message["Bcc"] is None


def test_a_value_cannot_move_the_border_between_subject_and_text(tmp_path: Path) -> None:
    order = named(mail_order(), "Anna\n\nNot the text")

    message = read(compose(tmp_path, order=order))

    assert part(message, "plain").startswith("Hallo Anna\n\nNot the text,\n")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "http://plain.test", "data:text/html,x", "//elsewhere.test", " "],
)
def test_only_safe_links_pass(tmp_path: Path, link: str) -> None:
    order = with_data(mail_order(), link=link)

    result = compose(tmp_path, html=with_body('<a href="{{ data.link }}">x</a>'), order=order)

    assert isinstance(result, PermanentError)
    assert str(result).startswith("templates/mail/e-mail.mjml: a link must begin with https:, mailto: or tel:")
    assert link.strip() == "" or link not in str(result)


@pytest.mark.parametrize("link", ["https://aurora.test/a?b=1&c=2", "mailto:a@b.test", "tel:+4930555"])
def test_safe_links_pass(tmp_path: Path, link: str) -> None:
    order = with_data(mail_order(), link=link)

    result = compose(tmp_path, html=with_body('<a href="{{ data.link }}">x</a>'), order=order)

    assert f'href="{link.replace("&", "&amp;")}"' in part(read(result), "html")


def test_unsafe_html_is_refused_with_the_file_and_the_remedy() -> None:
    with pytest.raises(DocumentError, match=r"^mail/e-mail\.mjml: an e-mail must hold no script.*; mend the template"):
        refuse_unsafe("<script>x</script>", "mail/e-mail.mjml")


def test_a_missing_field_is_named_with_file_and_line(tmp_path: Path) -> None:
    in_html = compose(tmp_path, html=with_body("{{ data.due }}"))
    in_text = compose(tmp_path, text="Subject: x\n\nHello\n{{ data.due }}\n")
    in_subject = compose(tmp_path, text="Subject: {{ data.due }}\n\nHello\n")

    said = 'there is no field "due"'
    assert str(in_html) == f"templates/mail/e-mail.mjml:3: {said}"
    assert str(in_text) == f"templates/mail/e-mail.txt:4: {said}"
    assert str(in_subject) == f"templates/mail/e-mail.txt:1: {said}"


def test_a_fault_in_a_template_tells_nothing_of_the_data(tmp_path: Path) -> None:
    order = named(mail_order(), "Meyerhold")
    for expression in ("data[customer.name]", "customer.name | int + customer.name", "customer.name.x.y"):
        result = compose(tmp_path, html=with_body(f"{{{{ {expression} }}}}"), order=order)

        assert isinstance(result, PermanentError)
        assert str(result).startswith("templates/mail/e-mail.mjml:3: ")
        assert "Meyerhold" not in str(result)


@pytest.mark.parametrize(
    "expression",
    ["''.__class__.__mro__", "data.__init__.__globals__", "customer.update({'name': 'x'})", "sender.name | safe"],
)
def test_the_sandbox_holds(tmp_path: Path, expression: str) -> None:
    result = compose(tmp_path, html=with_body(f"{{{{ {expression} }}}}"))

    assert isinstance(result, PermanentError)


def test_a_field_may_be_called_like_a_method(tmp_path: Path) -> None:
    order = with_data(mail_order(), items=["first", "second"])

    result = compose(tmp_path, html=with_body("{% for x in data.items %}{{ x }};{% endfor %}"), order=order)

    assert "first;second;" in part(read(result), "html")


def test_missing_optional_data_prints_nothing(tmp_path: Path) -> None:
    message = read(compose(tmp_path, html=with_body("note: [{{ data.note }}]")))

    assert "note: []" in part(message, "html")


def test_an_email_without_its_text_says_what_is_missing(tmp_path: Path) -> None:
    write_template(tmp_path, "mail/e-mail.mjml", with_body("hello"))
    result = compose_here(tmp_path, mail_order())

    assert str(result) == "templates/mail/e-mail.txt is missing; every e-mail needs subject and plain text"


def test_a_text_without_a_subject_is_refused(tmp_path: Path) -> None:
    result = compose(tmp_path, text="Hello\n")

    assert str(result) == "templates/mail/e-mail.txt:1: must begin with a line `Subject: …`"


def test_an_empty_subject_is_refused(tmp_path: Path) -> None:
    result = compose(tmp_path, text="Subject: {{ data.note }}\n\nHello\n")

    assert str(result) == "templates/mail/e-mail.txt:1: the subject must have 1 to 400 characters"
