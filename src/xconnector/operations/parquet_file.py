"""One Parquet file, written row group by row group, and seen under its name only when it is whole."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xconnector.contract.errors import MisconfiguredError
from xconnector.store.reporting_rows import ColumnKind


class ParquetFile:
    """A file that is being written beside the place where it will stand.

    Raises MisconfiguredError where pyarrow is not installed.
    """

    def __init__(self, path: Path, columns: Sequence[tuple[str, ColumnKind]]) -> None:
        self._arrow, parquet = _library()
        kinds = {
            ColumnKind.TEXT: self._arrow.string(),
            ColumnKind.WHOLE_NUMBER: self._arrow.int64(),
            ColumnKind.TRUTH: self._arrow.bool_(),
            ColumnKind.MOMENT: self._arrow.timestamp("us", tz="UTC"),
        }
        self._texts = [kind is ColumnKind.TEXT for _, kind in columns]
        self._schema = self._arrow.schema([(name, kinds[kind]) for name, kind in columns])
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = parquet.ParquetWriter(self._part, self._schema, compression="zstd")

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Append rows as one row group."""
        columns = [
            [None if value is None else str(value) for value in column] if is_text else list(column)
            for is_text, column in zip(self._texts, zip(*rows, strict=True), strict=True)
        ]
        arrays = [
            self._arrow.array(column, type=field.type) for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def finish(self) -> None:
        """Let the file stand under its name, in place of an earlier one; it survives a power cut from then on."""
        self._writer.close()
        _sync(self._part)
        self._part.replace(self._path)
        _sync(self._path.parent)

    def discard(self) -> None:
        """Leave what stood under the name as it was."""
        self._writer.close()
        self._part.unlink(missing_ok=True)


def _library() -> tuple[Any, Any]:
    """Return pyarrow and the part of it that writes files: it has no complete types."""
    try:
        import pyarrow as pa  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]
        from pyarrow import parquet  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]
    except ImportError as missing:
        raise MisconfiguredError("Parquet files need pyarrow: pip install xconnector[parquet]") from missing
    return pa, parquet


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
