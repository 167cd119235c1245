"""Which returned file is which output of the design, and whose."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from xconnector.connectors.exstream.design import ExstreamDesign, Output
from xconnector.connectors.exstream.engine_service.answer import ReturnedFile
from xconnector.connectors.exstream.outputs import QueueOutput, media_type_of

_KEY = "{key}"
_OF_COMMUNICATION = "communication.id"
"""Where the one key stands that no other communication has."""
_BY_EXTENSION: Mapping[str, str] = {
    "pdf": "application/pdf",
    "htm": "text/html",
    "html": "text/html",
    "eml": "message/rfc822",
    "txt": "text/plain",
}


def tells_customers_apart(design: ExstreamDesign) -> bool:
    """Say whether the names of all files that the design gives hold the customer's key."""
    return all(output.file is not None and _KEY in output.file for output in design.outputs.values())


def bears_keys(design: ExstreamDesign) -> bool:
    """Say whether the name of some file that the design gives holds the customer's key."""
    return any(output.file is not None and _KEY in output.file for output in design.outputs.values())


def gives_every_communication_its_own(design: ExstreamDesign) -> bool:
    """Say whether no other communication has files of the same names."""
    return design.key.path == _OF_COMMUNICATION and tells_customers_apart(design)


def belonging(files: Sequence[ReturnedFile], design: ExstreamDesign, pdl: Mapping[int, str]) -> Sequence[ReturnedFile]:
    """Return the files that are an output of the design; reports and outputs of other queues are left alone."""
    names = _Names(design)
    return [file for file in files if _places(file, names, design, pdl)]


class ReturnedOutputs:
    """The files of an answer as outputs of the queues that the design declares.

    An output with a `file` is known by that name, any other by its media type among the files that no name fits.
    """

    def __init__(self, files: Sequence[ReturnedFile], design: ExstreamDesign, pdl: Mapping[int, str]) -> None:
        self._of_all: list[QueueOutput] = []
        self._of_key: defaultdict[str, list[QueueOutput]] = defaultdict(list)
        names = _Names(design)
        for file in files:
            for output, key in _places(file, names, design, pdl):
                made = _queue_output(file, output, _media_type(file, pdl))
                (self._of_all if key is None else self._of_key[key]).append(made)

    def of(self, key: str | None) -> Sequence[QueueOutput]:
        """Return the outputs of the customer with this key, and those whose names tell no customer."""
        return [*self._of_all, *(self._of_key.get(key, ()) if key is not None else ())]


def base_name(file: ReturnedFile) -> str:
    """Return the file's name without its folder, which may be one of Windows."""
    return re.split(r"[/\\]", file.name)[-1]


class _Names:
    """The patterns of a design's outputs, ready to be compared."""

    def __init__(self, design: ExstreamDesign) -> None:
        self._patterns = [
            (output, _expression(output.file)) for output in design.outputs.values() if output.file is not None
        ]

    def fitting(self, name: str) -> Sequence[tuple[Output, str | None]]:
        """Return the outputs whose file may be called so, with the key that the name holds."""
        found = [(output, expression.fullmatch(name)) for output, expression in self._patterns]
        return [(output, match.groupdict().get("key")) for output, match in found if match is not None]


def _expression(pattern: str) -> re.Pattern[str]:
    places = {"*": ".*?", _KEY: "(?P<key>.+)"}
    pieces = re.split(r"(\*|\{key\})", pattern)
    return re.compile("".join(places.get(piece) or re.escape(piece) for piece in pieces), re.DOTALL)


def _places(
    file: ReturnedFile, names: _Names, design: ExstreamDesign, pdl: Mapping[int, str]
) -> Sequence[tuple[Output, str | None]]:
    """Return the outputs that a file is, each with the key that its name holds."""
    media_type = _media_type(file, pdl)
    return names.fitting(base_name(file)) or [
        (output, None)
        for kind, output in design.outputs.items()
        if output.file is None and media_type_of(design, kind) == media_type
    ]


def _queue_output(file: ReturnedFile, output: Output, media_type: str) -> QueueOutput:
    return QueueOutput(queue=output.queue, media_type=media_type, content=file.content or b"", pages=file.header.pages)


def _media_type(file: ReturnedFile, pdl: Mapping[int, str]) -> str:
    if file.header.pdl is not None and file.header.pdl in pdl:
        return pdl[file.header.pdl]
    extension = file.header.extension or base_name(file).rpartition(".")[2].lower()
    return _BY_EXTENSION.get(extension, "application/octet-stream")
