"""The manifests of bundles that were handed over, kept here: by them a later acknowledgement is understood."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xconnector.connectors.print_house.ticket import manifest_name

_SUFFIX = manifest_name("")
_SETTLED = ".settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBundle:
    """One bundle that was handed over."""

    key: str
    manifest: Path
    handed_over_at: datetime


class SentBundles:
    """A folder of manifests. A bundle is open until the house acknowledged it or its lateness was told."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now

    def remember(self, bundle_key: str, manifest: Path) -> None:
        """Keep a copy of the manifest, durable when this returns."""
        # A manifest names customers: only we may read it.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = self._folder / f".{manifest_name(bundle_key)}.part"
        written.unlink(missing_ok=True)
        written.touch(mode=0o600)
        shutil.copyfile(manifest, written)
        with written.open("rb") as file:
            os.fsync(file.fileno())
        _set_time(written, self._now())
        written.replace(self._path(bundle_key))

    def manifest_of(self, bundle_key: str) -> Path | None:
        """Return the copy, or None where this machine never handed the bundle over."""
        path = self._path(bundle_key)
        return path if path.exists() else None

    def bundles(self) -> Iterator[SentBundle]:
        """Yield what was handed over from here."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            yield SentBundle(key=path.name.removesuffix(_SUFFIX), manifest=path, handed_over_at=_time(path))

    def settle(self, bundle_key: str) -> None:
        """Note that the house was heard of, or its lateness told."""
        if self.manifest_of(bundle_key) is not None:
            self._settled(bundle_key).touch()

    def open_since(self, before: datetime) -> Iterator[tuple[str, datetime]]:
        """Yield the key and the time of each bundle that was handed over before this time and is still open."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            bundle_key = path.name.removesuffix(_SUFFIX)
            handed_over_at = _time(path)
            if handed_over_at <= before and not self._settled(bundle_key).exists():
                yield bundle_key, handed_over_at

    def forget(self, before: datetime) -> None:
        """Remove the copies of bundles that were handed over before this time."""
        for path in list(self._folder.glob(f"*{_SUFFIX}")):
            if _time(path) <= before:
                path.unlink(missing_ok=True)
                self._settled(path.name.removesuffix(_SUFFIX)).unlink(missing_ok=True)

    def _path(self, bundle_key: str) -> Path:
        return self._folder / manifest_name(bundle_key)

    def _settled(self, bundle_key: str) -> Path:
        return self._folder / f"{bundle_key}{_SETTLED}"


def _set_time(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def _time(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        # Another process forgot it meanwhile.
        return datetime.max.replace(tzinfo=UTC)
