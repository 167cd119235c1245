"""Jinja for e-mails and short messages: sandboxed, strict about missing fields, without chance."""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_UNFIT_FILTERS = ("safe", "random", "urlize", "pprint")
"""They undo the escaping, differ from time to time, or make links of what customers wrote."""
_UNFIT_GLOBALS = ("lipsum",)
_MISSING_FIELD = re.compile(r"'(\w+)'(?: is undefined)?\Z")


class MalformedTemplateError(Exception):
    """A template that Jinja cannot read."""

    def __init__(self, path: str, line: int | None, says: str) -> None:
        super().__init__(f"{path}:{line}: {says}")
        self.path = path
        self.line = line
        self.says = says


class RenderError(Exception):
    """A template that cannot be filled with this data. `says` may quote the data."""

    def __init__(self, path: str, line: int | None, says: str) -> None:
        super().__init__(path)
        self.path = path
        self.line = line
        self.says = says


class Jinja(ImmutableSandboxedEnvironment):
    """An environment over the texts of all templates, by path; `html` escapes whatever is printed."""

    def __init__(self, texts: Mapping[str, str], *, html: bool) -> None:
        def source(path: str) -> tuple[str, str, None] | None:
            return (texts[path], path, None) if path in texts else None

        super().__init__(
            autoescape=html,
            undefined=StrictUndefined,
            finalize=_printed,
            loader=FunctionLoader(source),
            auto_reload=False,
        )
        for name in _UNFIT_FILTERS:
            del self.filters[name]
        for name in _UNFIT_GLOBALS:
            del self.globals[name]

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - Jinja's own signature
        """Prefer a field of the data to a method of the same name, such as `data.items`."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]  # pyright: ignore[reportUnknownVariableType] - a mapping of whatever JSON holds
        return super().getattr(obj, attribute)

    def fill(self, path: str, data: Mapping[str, Any]) -> str:
        """Return the template at this path, filled.

        Raises RenderError where a field is missing or an expression fails.
        """
        try:
            return self.get_template(path).render(data)
        except MemoryError:
            raise
        except TemplateSyntaxError as wrong:
            raise RenderError(wrong.name or path, wrong.lineno, wrong.message or "cannot be read") from None
        except Exception as wrong:  # noqa: BLE001 - a template is a program: whatever it raises is its own fault
            place, line = _place_of(wrong, path)
            raise RenderError(place, line, _said_of(wrong)) from None


def parse_jinja(path: str, text: str) -> None:
    """Read a template without filling it.

    Raises MalformedTemplateError where it cannot be read or turns escaping off.
    """
    environment = Jinja({}, html=True)
    try:
        tree = environment.parse(text, path)
        environment.compile(tree, path)
    except TemplateSyntaxError as wrong:
        raise MalformedTemplateError(path, wrong.lineno, wrong.message or "cannot be read") from None
    except TemplateError as wrong:
        raise MalformedTemplateError(path, None, str(wrong)) from None
    if unescaped := tree.find(nodes.ScopedEvalContextModifier):
        raise MalformedTemplateError(path, unescaped.lineno, "turns escaping off; customers' data must stay text")


def _printed(value: object) -> object:
    return "" if value is None else value


def _said_of(wrong: Exception) -> str:
    if isinstance(wrong, UndefinedError):
        missing = _MISSING_FIELD.search(wrong.message or "")
        return f'there is no field "{missing[1]}"' if missing else "a field is missing"
    if isinstance(wrong, TemplateNotFound):
        return f'includes "{wrong.name}", which is not below the templates folder'
    if isinstance(wrong, TemplateError):
        return wrong.message or "cannot be filled"
    return f"an expression fails with {type(wrong).__name__}"


def _place_of(wrong: Exception, path: str) -> tuple[str, int | None]:
    """Return the innermost line of a template that the error went through."""
    place, line = path, None
    trace = wrong.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file == path or file.endswith((".txt", ".mjml")):
            place, line = file, trace.tb_lineno
        trace = trace.tb_next
    return place, line
