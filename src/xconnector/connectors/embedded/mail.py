"""E-mails: MJML compiled once a template, filled a mail, as a MIME entity whose bytes never vary."""

import re
from collections.abc import Mapping
from typing import Any

import mrml

from xconnector.connectors.embedded.faults import DocumentError
from xconnector.connectors.embedded.jinja import Jinja, RenderError
from xconnector.domain.mail_entity import LONGEST_SUBJECT, mime_entity, one_line, unsafe_in, without_controls

_SUBJECT_LINE = re.compile(r"\ASubject:[ \t]*(?P<subject>\S[^\n]*)(?:\n|\Z)")


class MalformedMailError(Exception):
    """A template from which no e-mail can be made."""

    def __init__(self, path: str, line: int | None, says: str) -> None:
        super().__init__(f"{path}: {says}")
        self.path = path
        self.line = line
        self.says = says


class MailTemplate:
    """One template's e-mail, compiled and ready to be filled."""

    def __init__(self, html_path: str, text_path: str, texts: Mapping[str, str]) -> None:
        """Compile the MJML at `html_path` and split the text at `text_path`; both may include other texts.

        Raises MalformedMailError.
        """
        self._html_path, self._text_path = html_path, text_path
        subject, text = split_text_part(text_path, texts[text_path])
        # The compiled HTML is one long line: to name the line of a fault, the MJML itself is filled as well.
        self._mjml = Jinja(texts, html=True)
        self._html = Jinja({**texts, html_path: compile_mjml(html_path, texts)}, html=True)
        self._subject = Jinja({**texts, text_path: subject}, html=False)
        # One empty line for the subject keeps the lines' numbers.
        self._text = Jinja({**texts, text_path: "\n" + text}, html=False)

    def fill(self, data: Mapping[str, Any]) -> bytes:
        """Return the e-mail as a MIME entity: Subject, text and HTML, without transport headers.

        Raises RenderError where the data does not fit, DocumentError where a link is unsafe.
        """
        subject = one_line(self._subject.fill(self._text_path, data))
        if not subject or len(subject) > LONGEST_SUBJECT:
            raise DocumentError(f"{self._text_path}:1: the subject must have 1 to {LONGEST_SUBJECT} characters")
        text = without_controls(self._text.fill(self._text_path, data)).strip("\n")
        html = self._filled_html(data)
        refuse_unsafe(html, self._html_path)
        return mime_entity(subject=subject, text=text, html=html)

    def _filled_html(self, data: Mapping[str, Any]) -> str:
        try:
            return self._html.fill(self._html_path, data)
        except RenderError as wrong:
            self._mjml.fill(self._html_path, data)
            raise RenderError(wrong.path, None, wrong.says) from None


def split_text_part(path: str, text: str) -> tuple[str, str]:
    """Return subject and body of a text part.

    They are split before anything is filled in, so that no value can move the border.
    Raises MalformedMailError without a subject in the first line.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    found = _SUBJECT_LINE.match(text)
    if found is None:
        raise MalformedMailError(path, 1, "must begin with a line `Subject: …`")
    return found["subject"], text[found.end() :]


def compile_mjml(path: str, texts: Mapping[str, str]) -> str:
    """Return the HTML of an MJML template; `mj-include` finds other templates by their path.

    No web fonts are linked: a mail client that fetched them would tell their host who reads the mail.
    Raises MalformedMailError.
    """
    included = {name: text for name, text in texts.items() if name.endswith(".mjml")}
    parser = mrml.ParserOptions(include_loader=mrml.memory_loader(included))
    try:
        return mrml.to_html(texts[path], parser, mrml.RenderOptions(fonts={})).content
    except OSError as wrong:
        line, says = _told_by_mrml(str(wrong), texts[path])
        raise MalformedMailError(path, line, says) from None


def refuse_unsafe(html: str, path: str) -> None:
    """Let only links to https, mailto and tel pass, images from https, the mail itself or inline, and no scripts.

    Raises DocumentError.
    """
    if found := unsafe_in(html):
        raise DocumentError(f"{path}: {found}; mend the template or the data")


def _told_by_mrml(said: str, text: str) -> tuple[int | None, str]:
    position = re.search(r" in root template at position (\d+):\d+", said)
    if position is None:
        return None, f"is no MJML: {said}"
    line = text.encode()[: int(position[1])].count(b"\n") + 1
    return line, f"is no MJML: {said[: position.start()]}"
