"""The standard delivery file: which files an engine wrote, and of which customers they are.

Its shape is that of a public integration's logs (S3, seen, not documented): UTF-16 with a bare `<!DOCTYPE outputList>`,
written while the engine runs. Every customer stands in it once for each of its queues.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NoReturn, Self
from xml.parsers import expat

from xconnector.contract.errors import PermanentError, TransientError

_CHUNK = 256 * 1024
_LONGEST_TOKEN = 1024 * 1024
_LONGEST_TEXT = 4096
_LONGEST_CHARACTER = 4
"""In bytes: so much of a character that is cut may stand before what is missing."""
_DEEPEST = 32
_MOST_KEYS = 200
_MOST_CUSTOMERS_PER_FILE = 100_000
_LONGEST_NUMBER = 18
_ROOT = "outputList"


class GrowingDeliveryFileError(TransientError):
    """The file ends before its document does: the engine is still writing it, or was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredCustomer:
    """A customer of a file."""

    number: int | None
    """Position in the run, counted from 1; None where it does not stand there."""
    keys: Mapping[str, str] = field(repr=False)
    """By the names that the designers chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredFile:
    """A file of an output queue; reports are none."""

    queue: str
    media_type: str
    """As Exstream names it; empty where it does not."""
    pdl: str
    """Page description language, such as `PDF`."""
    name: str = field(repr=False)
    """Path on the engine's host: no path of ours, and it may hold what customers are called."""
    customers: tuple[DeliveredCustomer, ...]
    pages: int | None
    """Of the whole file."""
    size: int | None
    """In bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTotals:
    """What the engine counts of its run; None what it does not tell."""

    transactions: int | None
    customers: int | None
    pages: int | None


class DeliveryReading(Iterator[DeliveredFile]):
    """A delivery file while it is read. What it gave counts only once it has ended without an error."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._document = _Document()
        self._ended = False

    @property
    def totals(self) -> DeliveryTotals | None:
        """What the engine counts; None before the first file was given."""
        return self._document.totals

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> DeliveredFile:
        """Return the next file.

        Raises GrowingDeliveryFileError where the document is not whole, PermanentError where it is none.
        """
        while not self._document.files:
            if self._ended:
                raise StopIteration
            chunk = self._stream.read(_CHUNK)
            self._ended = not chunk
            self._document.take(chunk)
        return self._document.files.popleft()


def read_delivery_file(stream: BinaryIO) -> DeliveryReading:
    """Read a delivery file as a stream, in constant memory, whatever its encoding.

    A document type with anything in it is refused: no entity is ever resolved.
    """
    return DeliveryReading(stream)


class _Document:
    """The document as far as it was fed."""

    def __init__(self) -> None:
        self.files: deque[DeliveredFile] = deque()
        self.totals: DeliveryTotals | None = None
        self._fed = 0
        self._depth = 0
        self._passed_over = 0
        """Depth of the element that is passed over with all it holds; 0 where none is."""
        self._queue: Mapping[str, str] = {}
        self._file: _File | None = None
        self._keys: dict[str, str] | None = None
        self._number: int | None = None
        self._key = ""
        self._text: list[str] | None = None
        self._parser = self._new_parser()

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = _no_entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        return parser

    def take(self, chunk: bytes) -> None:
        """Read on; an empty chunk is the end."""
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError:
            raise self._fault(chunk) from None
        self._fed += len(chunk)
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TOKEN + _CHUNK:
            _refuse("a name or value in it is longer than any engine writes")

    def _fault(self, chunk: bytes) -> TransientError | PermanentError:
        # What is missing shows only at the end; before it, something is wrong with what is there. A network file
        # system may show zeros where a growing file's content has not arrived yet.
        rest = chunk[max(0, self._parser.ErrorByteIndex - self._fed) :]
        zeros = rest.endswith(b"\0") and not rest[_LONGEST_CHARACTER:].strip(b"\0")
        if not chunk or zeros:
            return GrowingDeliveryFileError(
                "the delivery file is not whole: the engine still writes it, or was stopped"
            )
        line = self._parser.ErrorLineNumber
        return PermanentError(
            f"the delivery file cannot be read (line {line}): it is no well-formed XML of its encoding"
        )

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, has_subset: int) -> None:  # noqa: ARG002 - expat's own signature
        if system_id is not None or public_id is not None or has_subset:
            _refuse("its document type refers to something else, which no engine writes")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse("it is nested deeper than any engine writes")
        if self._passed_over:
            return
        match self._depth, name:
            case 1, _:
                self._begin(name, attributes)
            case 2, "queue":
                self._queue = attributes
            case 3, "file":
                self._file = _File(self._queue, attributes)
            case 4, "customer":
                self._keys, self._number = {}, _number(attributes.get("number"))
            case 4, "pageCount" | "fileSize":
                self._text = []
            case 5, "key" if self._keys is not None:
                self._key, self._text = attributes.get("name", ""), []
            case _:
                self._passed_over = self._depth

    def _end(self, name: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if self._passed_over:
            self._passed_over = 0 if depth == self._passed_over else self._passed_over
            return
        match depth, name:
            case 5, _:
                self._end_key()
            case 4, "customer":
                self._end_customer()
            case 4, _:
                self._end_count(name)
            case 3, _:
                self._end_file()
            case _:
                pass

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._passed_over:
            self._text.append(text)
            if len(text) > _LONGEST_TEXT or len(self._text) > _LONGEST_TEXT:
                _refuse("a value in it is longer than any engine writes")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name != _ROOT:
            _refuse(f"it must begin with <{_ROOT}>")
        self.totals = DeliveryTotals(
            transactions=_number(attributes.get("transactions")),
            customers=_number(attributes.get("customersProcessed")),
            pages=_number(attributes.get("pagesProcessed")),
        )

    def _end_key(self) -> None:
        assert self._keys is not None
        value = self._taken_text()
        if self._keys.setdefault(self._key, value) != value:
            _refuse("a customer in it has two values of one key")
        if len(self._keys) > _MOST_KEYS:
            _refuse(f"a customer in it has more than {_MOST_KEYS} keys")

    def _end_customer(self) -> None:
        assert self._keys is not None
        assert self._file is not None
        self._file.customers.append(DeliveredCustomer(number=self._number, keys=self._keys))
        self._keys = None
        if len(self._file.customers) > _MOST_CUSTOMERS_PER_FILE:
            raise PermanentError(
                f"the delivery file has more than {_MOST_CUSTOMERS_PER_FILE} customers in one output file: "
                "let the design begin a new file after fewer"
            )

    def _end_count(self, name: str) -> None:
        assert self._file is not None
        count = _number(self._taken_text())
        if name == "pageCount":
            self._file.pages = count
        else:
            self._file.size = count

    def _end_file(self) -> None:
        assert self._file is not None
        self.files.append(self._file.whole())
        self._file = None

    def _taken_text(self) -> str:
        text, self._text = "".join(self._text or ()), None
        return text


class _File:
    """A file while its element is open."""

    def __init__(self, queue: Mapping[str, str], attributes: Mapping[str, str]) -> None:
        self._queue = queue
        self._attributes = attributes
        self.customers: list[DeliveredCustomer] = []
        self.pages: int | None = None
        self.size: int | None = None

    def whole(self) -> DeliveredFile:
        name = self._attributes.get("name", "")
        if not name:
            _refuse("a file in it has no name")
        return DeliveredFile(
            queue=self._queue.get("name", ""),
            media_type=self._attributes.get("mimeType") or self._queue.get("mimeType", ""),
            pdl=self._attributes.get("pdl") or self._queue.get("pdl", ""),
            name=name,
            customers=tuple(self.customers),
            pages=self.pages,
            size=self.size,
        )


def _number(told: str | None) -> int | None:
    """Return a count; None where none is told. Raises PermanentError."""
    spelled = (told or "").strip()
    if not spelled:
        return None
    if len(spelled) > _LONGEST_NUMBER or not spelled.isascii() or not spelled.isdigit():
        _refuse("a count in it is no number")
    return int(spelled)


def _no_entity(*_: object) -> NoReturn:
    _refuse("it declares an entity, which no engine writes")


def _refuse(why: str) -> NoReturn:
    raise PermanentError(f"the delivery file is not taken: {why}")
