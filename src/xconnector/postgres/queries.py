"""Named queries: SQL lives in `.sql` files, each query with a name, a sentence, and `%(name)s` parameters.

A block of such a file is a line `-- name: claim_batch`, a comment that says in a sentence what the query does, and
the SQL up to the next `-- name:` line.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

_HEAD = re.compile(r"^-- name:[ \t]*(?P<name>\S*)[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class QueryFileError(Exception):
    """A `.sql` file is not what it should be; the message names file and query."""


class Queries(Mapping[str, bytes]):
    """The queries of one file, as attributes or by name, in the form that psycopg executes fastest."""

    def __init__(self, origin: str, queries: Mapping[str, bytes]) -> None:
        self._origin = origin
        self._queries = dict(queries)

    @classmethod
    def load(cls, package: str, file: str) -> "Queries":
        """Read `file` from the folder of `package` (usually `__package__`).

        Raises:
            QueryFileError: the file is absent, or a query has no name, no sentence, no SQL, or another's name.
        """
        try:
            text = files(package).joinpath(file).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise QueryFileError(f"{package} has no file {file}; is it in the package and spelt like that?") from error
        return cls.parse(f"{package}/{file}", text)

    @classmethod
    def parse(cls, origin: str, text: str) -> "Queries":
        heads = list(_HEAD.finditer(text))
        if (before := text[: heads[0].start() if heads else len(text)].strip()) and not _only_comments(before):
            raise QueryFileError(f"{origin}: SQL stands before the first `-- name:` line; give it a name.")
        queries: dict[str, bytes] = {}
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            name = head["name"]
            if not _NAME.fullmatch(name):
                raise QueryFileError(f"{origin}: {name!r} is no name for a query; use lower_case_words.")
            if name in queries:
                raise QueryFileError(f"{origin}: two queries are called {name}; rename one.")
            queries[name] = _body(origin, name, text[head.end() : following.start() if following else len(text)])
        return cls(origin, queries)

    def __getitem__(self, name: str) -> bytes:
        try:
            return self._queries[name]
        except KeyError:
            known = ", ".join(sorted(self._queries)) or "none"
            raise QueryFileError(f"{self._origin} has no query called {name}; it has: {known}.") from None

    def __getattr__(self, name: str) -> bytes:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._queries

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)

    def __repr__(self) -> str:
        return f"Queries({self._origin!r}, {len(self)} queries)"


def _body(origin: str, name: str, block: str) -> bytes:
    lines = block.strip().splitlines()
    comment = 0
    while comment < len(lines) and lines[comment].startswith("--"):
        comment += 1
    if not any(line.lstrip("- ") for line in lines[:comment]):
        raise QueryFileError(f"{origin}: {name} has no sentence; say below its name what it does.")
    if not (body := "\n".join(lines[comment:]).strip()) or _only_comments(body):
        raise QueryFileError(f"{origin}: {name} has no SQL.")
    return body.encode()


def _only_comments(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("--") for line in text.splitlines())
