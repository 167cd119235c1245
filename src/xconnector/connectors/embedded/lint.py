"""What templates must not hold, and what in them cannot work: each finding with file, line and remedy."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xconnector.connectors.embedded.jinja import MalformedTemplateError, parse_jinja
from xconnector.connectors.embedded.mail import MalformedMailError, compile_mjml, split_text_part
from xconnector.connectors.embedded.templates import MAIN_FILES, TEXT_PART, Templates
from xconnector.domain.document import RenditionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a template."""

    path: str
    line: int | None
    says: str
    """What is wrong and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forbidden:
    pattern: re.Pattern[str]
    says: str


_NAME_BEFORE = r"(?<![\w-])"
_TAKEN_AS_VALUE = r"[=(,:]\s*"
_FORBIDDEN_IN_TYPST = (
    _Forbidden(
        pattern=re.compile(r'"@[\w-]+/[\w-]+'),
        says="imports a package, which would be fetched from the network; copy its files below the templates folder",
    ),
    _Forbidden(
        pattern=re.compile(rf"{_NAME_BEFORE}eval\(|{_TAKEN_AS_VALUE}eval(?![\w-])"),
        says="uses `eval`, which would run customers' data as a program; print the value instead",
    ),
    _Forbidden(
        pattern=re.compile(rf"{_NAME_BEFORE}plugin\(|{_TAKEN_AS_VALUE}plugin(?![\w-])"),
        says="uses `plugin`, which would run foreign code; write it in Typst, or prepare the value as data",
    ),
    _Forbidden(
        pattern=re.compile(r"datetime\s*\.\s*today"),
        says="asks for today's date, so that no two copies are alike; use `communication.date`",
    ),
)
_STANDARD_MJML = frozenset(
    {
        "mjml", "mj-head", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-html-attributes",
        "mj-selector", "mj-html-attribute", "mj-preview", "mj-style", "mj-title", "mj-body", "mj-accordion",
        "mj-accordion-element", "mj-accordion-title", "mj-accordion-text", "mj-button", "mj-carousel",
        "mj-carousel-image", "mj-column", "mj-divider", "mj-group", "mj-hero", "mj-image", "mj-include", "mj-navbar",
        "mj-navbar-link", "mj-raw", "mj-section", "mj-social", "mj-social-element", "mj-spacer", "mj-table",
        "mj-text", "mj-wrapper",
    }
)  # fmt: skip
_MJML_ELEMENT = re.compile(r"<(mj[\w-]*)")
_UNSAFE_LINK = re.compile(r"""(?i)\shref\s*=\s*["'](?!https:|mailto:|tel:|\{)""")


def forbidden(templates: Templates) -> list[Finding]:
    """Return what makes the templates unsafe or their documents unrepeatable: none of them is used then."""
    return [
        Finding(path=path, line=number, says=rule.says)
        for path, text in _texts(templates, ".typ")
        for number, line in enumerate(text.splitlines(), start=1)
        for rule in _FORBIDDEN_IN_TYPST
        if rule.pattern.search(line)
    ]


def malformed(templates: Templates) -> list[Finding]:
    """Return what cannot work, as far as that shows without data: the rest of the templates works all the same."""
    return [
        *_not_in_utf8(templates),
        *_empty_folders(templates),
        *_unknown_elements(templates),
        *_unsafe_links(templates),
        *_malformed_texts(templates),
        *_malformed_mails(templates),
    ]


def told(findings: Sequence[Finding], templates: Templates) -> str:
    """Return the findings as lines for an operator, the first twenty in full."""
    shown = 20
    lines = [f"{templates.place(finding.path, finding.line)}: {finding.says}" for finding in findings[:shown]]
    if len(findings) > shown:
        lines.append(f"and {len(findings) - shown} more")
    return "\n".join(lines)


def _texts(templates: Templates, *suffixes: str) -> Iterator[tuple[str, str]]:
    for path, content in sorted(templates.files.items()):
        if path.endswith(suffixes):
            yield path, content.decode("utf-8", errors="replace")


def _not_in_utf8(templates: Templates) -> Iterator[Finding]:
    for path, content in sorted(templates.files.items()):
        if path.endswith((".typ", ".mjml", ".txt")):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError as broken:
                line = content.count(b"\n", 0, broken.start) + 1
                yield Finding(path=path, line=line, says="is not UTF-8; save the file in that encoding")


def _empty_folders(templates: Templates) -> Iterator[Finding]:
    for name in templates.names:
        if not any(f"{name}/{main}" in templates.files for main in MAIN_FILES.values()):
            wanted = ", ".join(MAIN_FILES.values())
            yield Finding(path=name, line=None, says=f"has none of {wanted}; add one, or begin the name with `_`")


def _unknown_elements(templates: Templates) -> Iterator[Finding]:
    for path, text in _texts(templates, ".mjml"):
        for number, line in enumerate(text.splitlines(), start=1):
            for element in _MJML_ELEMENT.findall(line):
                if element not in _STANDARD_MJML:
                    yield Finding(path=path, line=number, says=f"<{element}> is no element of MJML; mend its name")


def _unsafe_links(templates: Templates) -> Iterator[Finding]:
    for path, text in _texts(templates, ".mjml"):
        for number, line in enumerate(text.splitlines(), start=1):
            if _UNSAFE_LINK.search(line):
                yield Finding(path=path, line=number, says="links must begin with https:, mailto: or tel:")


def _malformed_texts(templates: Templates) -> Iterator[Finding]:
    for path, text in _texts(templates, ".mjml", ".txt"):
        try:
            parse_jinja(path, text)
        except MalformedTemplateError as wrong:
            yield Finding(path=path, line=wrong.line, says=wrong.says)


def _malformed_mails(templates: Templates) -> Iterator[Finding]:
    texts = dict(_texts(templates, ".mjml", ".txt"))
    for name in templates.names:
        html, text = f"{name}/{MAIN_FILES[RenditionKind.EMAIL]}", f"{name}/{TEXT_PART}"
        if html in texts and text not in texts:
            yield Finding(path=name, line=None, says=f"has no {TEXT_PART}; every e-mail needs subject and plain text")
        if text in texts and html not in texts:
            yield Finding(path=name, line=None, says=f"has {TEXT_PART} and no {MAIN_FILES[RenditionKind.EMAIL]}")
        try:
            if html in texts:
                compile_mjml(html, texts)
            if text in texts:
                split_text_part(text, texts[text])
        except MalformedMailError as wrong:
            yield Finding(path=wrong.path, line=wrong.line, says=wrong.says)
