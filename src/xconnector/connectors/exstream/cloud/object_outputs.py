"""Where batch jobs write: an object store of Amazon's, Google's or Microsoft's make.

obstore speaks all three, and whatever speaks S3, in one library, with the credentials of machine and role; the vendors'
own would be three, and far larger. It is an extra: whoever mounts the file system needs none.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import BufferedReader, BytesIO, RawIOBase
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from xconnector.connectors.exstream.cloud.batch_settings import Outputs
from xconnector.connectors.exstream.cloud.output_path import Segment, matching
from xconnector.connectors.exstream.cloud.output_store import Delivery, OutputMissingError, searched, too_large
from xconnector.contract.errors import MisconfiguredError, TransientError

try:
    import obstore
    from obstore.exceptions import (
        BaseError,
        GenericError,
        PermissionDeniedError,
        UnauthenticatedError,
        UnknownConfigurationKeyError,
    )
    from obstore.store import ObjectStore, from_url
except ImportError:
    raise MisconfiguredError("`outputs.store` needs the extra: install xconnector[object-store]") from None

if TYPE_CHECKING:
    from typing_extensions import Buffer

_READ_AT_ONCE = 1024 * 1024
_REFUSAL = re.compile(r"\b40[13] (?:Unauthorized|Forbidden)", re.IGNORECASE)


class ObjectOutputs:
    """Outputs in an object store."""

    def __init__(self, settings: Outputs, *, domain: str) -> None:
        self._settings = settings
        self._domain = domain
        self._store = _opened(settings)

    def check(self) -> None:
        with _told_apart():
            self._listed(())

    def deliveries(self, job: str, flow: str | None) -> Sequence[Delivery]:
        known = {"domain": self._domain, "job": job, **({} if flow is None else {"flow": flow})}
        return list(self._found(known))

    def since(self, moment: datetime) -> Iterator[Delivery]:
        return (found for found in self._found({"domain": self._domain}) if found.modified_at >= moment)

    def opened(self, delivery: Delivery) -> BinaryIO:
        with _told_apart():
            reader = obstore.open_reader(self._store, _path([*delivery.folder, self._settings.delivery_file]))
        return BufferedReader(_Reader(reader), _READ_AT_ONCE)

    def reader(self) -> "ObjectOutputs":
        return self

    def close(self) -> None:
        """Nothing is held open."""

    def output(self, delivery: Delivery, name: str) -> BinaryIO:
        with _told_apart():
            answer = obstore.get(self._store, _path([*delivery.folder, *delivery.tail(name)]))
            if answer.meta["size"] > self._settings.largest_file:
                raise too_large(self._settings)
            return BytesIO(bytes(answer.bytes()))

    def _found(self, known: Mapping[str, str]) -> Iterator[Delivery]:
        for folder, places in matching(searched(self._settings, known), known, self._folders):
            try:
                with _told_apart():
                    told = obstore.head(self._store, _path([*folder, self._settings.delivery_file]))
            except OutputMissingError:
                continue
            yield Delivery(
                job=places["job"],
                flow=places["flow"],
                folder=folder,
                size=told["size"],
                modified_at=told["last_modified"],
            )

    def _folders(self, above: Sequence[str], _: Segment) -> Sequence[str]:
        with _told_apart():
            return sorted(prefix.rstrip("/").rpartition("/")[2] for prefix in self._listed(above))

    def _listed(self, above: Sequence[str]) -> Sequence[str]:
        # The other overload speaks of a library that has no types.
        listed = obstore.list_with_delimiter(self._store, _path(above) or None)  # pyright: ignore[reportUnknownMemberType]
        return listed["common_prefixes"]


def _opened(settings: Outputs) -> ObjectStore:
    options = {name: secret.get_secret_value() for name, secret in settings.store_options.items()}
    client_options = {"allow_http": options.pop("allow_http", "false")}
    try:
        # What is tried again, and when, is decided outside of connectors.
        return from_url(
            str(settings.store),
            config=cast("Any", options),
            client_options=cast("Any", client_options),
            retry_config=cast("Any", {"max_retries": 0}),
        )
    except (BaseError, ValueError, TypeError):
        raise MisconfiguredError("`outputs.store` or its `store_options` are none that an object store knows") from None


def _path(steps: Sequence[str]) -> str:
    return "/".join(steps)


@contextmanager
def _told_apart() -> Generator[None]:
    """Tell what is not there from a store that fails. What the store says itself may quote keys and is not told."""
    try:
        yield
    except FileNotFoundError:
        raise OutputMissingError from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise _refused() from None
    except GenericError as error:
        # What is not asked of one object has no error of its own.
        if _REFUSAL.search(str(error)):
            raise _refused() from None
        raise _fails() from None
    except UnknownConfigurationKeyError:
        raise MisconfiguredError(
            "`outputs.store_options` names an option that the object store does not know"
        ) from None
    except (BaseError, OSError):
        raise _fails() from None


def _refused() -> MisconfiguredError:
    return MisconfiguredError("`outputs.store` refuses us: correct `store_options`, or allow us to list and read")


def _fails() -> TransientError:
    return TransientError("the object store of `outputs.store` cannot be reached, or fails")


class _Reader(RawIOBase):
    """An object as a file, so that what reads it closes it, and its errors are ours."""

    def __init__(self, reader: "obstore.ReadableFile") -> None:
        super().__init__()
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer", /) -> int:
        view = memoryview(buffer)
        with _told_apart():
            read = bytes(self._reader.read(len(view)))
        view[: len(read)] = read
        return len(read)

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
        super().close()
