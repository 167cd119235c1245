"""E-mails: MJML compiled once a template, filled a mail, as a MIME entity whose bytes never vary."""

import re
from binascii import b2a_qp
from collections.abc import Mapping
from email.policy import SMTP
from hashlib import sha256
from html import unescape
from typing import Any

import mrml

from xconnector.connectors.embedded.faults import DocumentError
from xconnector.connectors.embedded.jinja import Jinja, RenderError

_SUBJECT_LINE = re.compile(r"\ASubject:[ \t]*(?P<subject>\S[^\n]*)(?:\n|\Z)")
_LONGEST_SUBJECT = 400

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# Quotes are followed, so that a `>` in a value ends no tag; `end` is missing where a tag is never closed.
_TAG = re.compile(r"""<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*+(?P<end>>)?""")
_TO_BE_CHECKED = re.compile(
    r"""(?i)\A<(?:script|iframe|form)\b|[\s"'/](?:href|src|action|formaction|background|poster|xlink:href|on[a-z]+)\s*="""
)
_ATTRIBUTE = re.compile(r"""(?<=[\s"'/])(?P<name>[a-zA-Z][\w:-]*)\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s"'>]*)""")
_LINKS = frozenset({"href", "action", "formaction", "xlink:href"})
_SOURCES = frozenset({"src", "background", "poster"})
_SAFE_LINK = re.compile(r"(?i)(?:https://|mailto:|tel:)[^\s\x00-\x20]*\Z")
_SAFE_SOURCE = re.compile(r"(?i)(?:https://|cid:|data:image/(?:png|jpeg|gif);base64,)[^\s\x00-\x20]*\Z")
_ACTIVE_ELEMENT = re.compile(r"(?i)<(?:script|iframe|form)\b")


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
        if not subject or len(subject) > _LONGEST_SUBJECT:
            raise DocumentError(f"{self._text_path}:1: the subject must have 1 to {_LONGEST_SUBJECT} characters")
        text = _CONTROLS_BUT_LINES.sub("", self._text.fill(self._text_path, data)).strip("\n")
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


def one_line(text: str) -> str:
    """Return the text without control characters and line breaks, so that it can add no header."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def refuse_unsafe(html: str, path: str) -> None:
    """Let only links to https, mailto and tel pass, images from https, the mail itself or inline, and no scripts.

    Raises DocumentError.
    """
    for tag in _TAG.finditer(html):
        if not tag["end"]:
            raise DocumentError(f"{path}: an element is not closed; mend the quotes in the template")
        if _TO_BE_CHECKED.search(tag[0]):
            _refuse_unsafe_tag(tag[0], path)


def mime_entity(*, subject: str, text: str, html: str) -> bytes:
    """Return `multipart/alternative` of text and HTML with its Subject; the same content gives the same bytes."""
    parts = [_part("plain", text), _part("html", html)]
    # Quoted-printable has no `=_`: no part can hold its boundary.
    boundary = "=_" + sha256(b"\0".join([subject.encode(), *parts])).hexdigest()[:24]
    header = SMTP.header_factory("Subject", subject)
    # The typeshed stubs leave the registry's headers untyped.
    folded: str = header.fold(policy=SMTP)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    head = f'{folded}MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    opening = f"--{boundary}\r\n".encode()
    return b"".join([head.encode("ascii"), *(opening + part for part in parts), f"--{boundary}--\r\n".encode()])


def _part(subtype: str, text: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in _LINE_BREAK.split(text))
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    # The last line break belongs to the boundary that follows.
    return head.encode("ascii") + b2a_qp(lines.encode("utf-8"), istext=True)


def _refuse_unsafe_tag(tag: str, path: str) -> None:
    if _ACTIVE_ELEMENT.match(tag):
        raise DocumentError(f"{path}: an e-mail must hold no script, frame or form; take it out of the template")
    for attribute in _ATTRIBUTE.finditer(tag):
        name, value = attribute["name"].lower(), unescape(attribute["value"].strip("\"'")).strip()
        if name in _LINKS and not _SAFE_LINK.match(value):
            raise DocumentError(
                f"{path}: a link must begin with https:, mailto: or tel:; mend the template or the data"
            )
        if name in _SOURCES and not _SAFE_SOURCE.match(value):
            raise DocumentError(f"{path}: an image must come from https: or cid:; mend the template or the data")
        if name.startswith("on"):
            raise DocumentError(f"{path}: an e-mail must hold no script (`{name}`); take it out of the template")


def _told_by_mrml(said: str, text: str) -> tuple[int | None, str]:
    position = re.search(r" in root template at position (\d+):\d+", said)
    if position is None:
        return None, f"is no MJML: {said}"
    line = text.encode()[: int(position[1])].count(b"\n") + 1
    return line, f"is no MJML: {said[: position.start()]}"
