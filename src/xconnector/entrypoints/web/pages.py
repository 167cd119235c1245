"""The pages that customers see, filled: what stands where, in whose language, with whose name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from xconnector.domain.portal_link import PortalLink
from xconnector.entrypoints.web.assets import asset_address
from xconnector.entrypoints.web.words import Words
from xconnector.project.model import Project
from xconnector.store.portal import PublishedDocument

_KILO = 1000
_CALLABLE = frozenset("+0123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who speaks to the customer on this portal."""

    name: str
    address: str
    phone: str
    phone_digits: str
    email: str
    website: str
    """Only where it is an http address."""
    website_name: str
    """What of it people say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument:
    """One line of the list."""

    title: str = field(repr=False)
    language: str
    date: str
    iso_date: str
    size: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The documents of one year."""

    name: str
    documents: Sequence[ShownDocument]


class Pages:
    """Fills the templates for one project."""

    def __init__(self, project: Project) -> None:
        self._sender = _sender(project.sender)
        self._timezone = ZoneInfo(project.locale.timezone)
        self._templates = Environment(
            loader=PackageLoader("xconnector.entrypoints.web", "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["asset"] = asset_address

    def documents(
        self, words: Words, link: PortalLink, token: str, documents: Sequence[PublishedDocument], *, is_cut: bool
    ) -> str:
        """Return the list of a customer's documents, by year, in the order in which they are given."""
        shown = [(self._day(row.published_at), self._shown(words, token, row)) for row in documents]
        years = [
            Year(name=str(year), documents=[line for _, line in lines])
            for year, lines in groupby(shown, key=lambda pair: pair[0].year)
        ]
        until = format_datetime(
            link.expires_at.astimezone(self._timezone), _LONG_TIMES[words.language], locale=words.language
        )
        return self._fill(
            "documents.html",
            words,
            years=years,
            has_several=len(documents) > 1,
            until=until,
            only_newest=words.only_newest.format(number=len(documents)) if is_cut else "",
        )

    def expired(self, words: Words) -> str:
        return self._fill("stop.html", words, title=words.expired_title, sentences=[words.expired, words.ask])

    def unknown(self, words: Words) -> str:
        return self._fill("stop.html", words, title=words.unknown_title, sentences=[words.unknown, words.ask])

    def later(self, words: Words) -> str:
        return self._fill("stop.html", words, title=words.later_title, sentences=[words.later])

    def unsubscribe(self, words: Words) -> str:
        return self._fill("unsubscribe.html", words)

    def unsubscribed(self, words: Words) -> str:
        return self._fill("stop.html", words, title=words.unsubscribed_title, sentences=[words.unsubscribed])

    def _fill(self, template: str, words: Words, **values: object) -> str:
        return self._templates.get_template(template).render(words=words, sender=self._sender, **values)

    def _shown(self, words: Words, token: str, document: PublishedDocument) -> ShownDocument:
        day = self._day(document.published_at)
        return ShownDocument(
            title=document.title,
            language=document.language,
            date=format_date(day, _DAYS[words.language], locale=words.language),
            iso_date=day.date().isoformat(),
            size=_size(document.place.length, words.language),
            address=document_address(token, document),
        )

    def _day(self, moment: datetime) -> datetime:
        return moment.astimezone(self._timezone)


def document_address(token: str, document: PublishedDocument) -> str:
    """Return where a document is read, and opened, by who holds this token."""
    return f"/portal/{token}/documents/{quote(document.dispatch_key, safe='')}"


_SIZE_UNITS = {"de": ("kB", "MB"), "en": ("kB", "MB"), "fr": ("ko", "Mo")}
_DAYS = {"de": "d. MMMM", "en": "d MMMM", "fr": "d MMMM"}
_LONG_TIMES = {"de": "d. MMMM y, HH:mm 'Uhr'", "en": "d MMMM y, HH:mm", "fr": "d MMMM y 'à' HH:mm"}


def _size(length: int, language: str) -> str:
    """Return a length in bytes as people read it."""
    kilobytes = max(1, round(length / _KILO))
    small, large = _SIZE_UNITS[language]
    if kilobytes < _KILO:
        return f"{kilobytes}\u00a0{small}"
    return f"{format_decimal(kilobytes / _KILO, format='0.0', locale=language)}\u00a0{large}"


def _sender(words: Mapping[str, Any]) -> Sender:
    phone, website = str(words.get("phone") or ""), str(words.get("website") or "")
    return Sender(
        name=str(words.get("name") or ""),
        address=", ".join(str(line) for line in words.get("address_lines") or ()),
        phone=phone,
        phone_digits="".join(sign for sign in phone if sign in _CALLABLE),
        email=str(words.get("email") or ""),
        website=website if website.startswith(("https://", "http://")) else "",
        website_name=website.partition("://")[2].rstrip("/"),
    )
