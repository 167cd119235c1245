"""All renditions of one order, as a process of the composer makes them."""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from xconnector.connectors.embedded.faults import Discretion, DocumentError
from xconnector.connectors.embedded.jinja import RenderError
from xconnector.connectors.embedded.letter import Letters
from xconnector.connectors.embedded.mail import MailTemplate, MalformedMailError
from xconnector.connectors.embedded.mark import data_matrix
from xconnector.connectors.embedded.push_text import PushTemplate
from xconnector.connectors.embedded.short_text import SmsTemplate
from xconnector.connectors.embedded.templates import MAIN_FILES, TEXT_PART
from xconnector.connectors.embedded.wire import Made, Piece, Refused, Setup, Task
from xconnector.domain.document import RenditionKind

T = TypeVar("T")


class Documents:
    """Composes from one published copy of the templates; keeps what was compiled last."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._root = Path(setup.templates)
        self._discretion = Discretion(lambda: tuple(self._sources.values()))
        self._letters = Letters(self._root, setup.fonts, compilers=setup.compilers, discretion=self._discretion)
        self._mails: OrderedDict[str, MailTemplate] = OrderedDict()
        self._short_texts: OrderedDict[str, SmsTemplate] = OrderedDict()
        self._push_texts: OrderedDict[str, PushTemplate] = OrderedDict()

    def compose(self, task: Task, *, worn: Callable[[], bool]) -> Made | Refused:
        """Compose every rendition that the task asks for, or say why it cannot be."""
        try:
            pieces = tuple(self._piece(RenditionKind(kind), task) for kind in sorted(task.kinds))
        except DocumentError as refused:
            return self._refused(str(refused))
        except MalformedMailError as wrong:
            return self._refused(f"{_place(wrong.path, wrong.line)}: {wrong.says}")
        except RenderError as wrong:
            says = self._discretion.without_content(wrong.says, task.data)
            return self._refused(f"{_place(wrong.path, wrong.line)}: {says}")
        return Made(pieces=pieces, worn=worn())

    def _refused(self, reason: str) -> Refused:
        # Every reason begins with the path of a file, as seen from the folder of the templates.
        return Refused(reason=f"{self._setup.shown_as}/{reason}")

    def _piece(self, kind: RenditionKind, task: Task) -> Piece:
        content, pages = self._rendition(kind, task)
        return Piece(kind=kind.value, content=content, sha256=sha256(content).hexdigest(), pages=pages)

    def _rendition(self, kind: RenditionKind, task: Task) -> tuple[bytes, int | None]:
        path = self._main_file(kind, task.template)
        match kind:
            case RenditionKind.LETTER:
                mark = data_matrix(task.communication_id)
                return self._letters.compose(path, data=task.data, mark=mark, issued_at=task.issued_at)
            case RenditionKind.EMAIL:
                return self._mail(task.template, path).fill(_data(task)), None
            case RenditionKind.SMS:
                return self._short_text(path).fill(_data(task)), None
            case RenditionKind.PUSH:
                return self._push_text(path).fill(_data(task)), None

    def _main_file(self, kind: RenditionKind, template: str) -> str:
        path = f"{template}/{MAIN_FILES[kind]}"
        if path not in self._sources:
            raise DocumentError(f"{path} is missing; add it, or route this communication where no {kind} is needed")
        return path

    def _mail(self, template: str, path: str) -> MailTemplate:
        text_path = f"{template}/{TEXT_PART}"
        if text_path not in self._sources:
            raise DocumentError(f"{text_path} is missing; every e-mail needs subject and plain text")
        return self._kept(self._mails, path, lambda: MailTemplate(path, text_path, self._sources))

    def _short_text(self, path: str) -> SmsTemplate:
        return self._kept(
            self._short_texts,
            path,
            lambda: SmsTemplate(
                path,
                self._sources,
                segments=self._setup.sms_segments,
                plain_punctuation=self._setup.sms_plain_punctuation,
            ),
        )

    def _push_text(self, path: str) -> PushTemplate:
        return self._kept(self._push_texts, path, lambda: PushTemplate(path, self._sources))

    def _kept(self, kept: OrderedDict[str, T], path: str, make: Callable[[], T]) -> T:
        if path not in kept:
            kept[path] = make()
        kept.move_to_end(path)
        if len(kept) > self._setup.compilers:
            kept.popitem(last=False)
        return kept[path]

    @cached_property
    def _sources(self) -> Mapping[str, str]:
        """The text of every template and shared piece, by its path from the folder of all templates."""
        return {
            path.relative_to(self._root).as_posix(): path.read_text("utf-8", errors="replace")
            for path in sorted(self._root.rglob("*"))
            if path.suffix in {".typ", ".mjml", ".txt", ".html"} and path.is_file()
        }


def _data(task: Task) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(task.data)
    return data


def _place(path: str, line: int | None) -> str:
    return path if line is None else f"{path}:{line}"
