"""A real PostgreSQL for whoever has none: made on first start, shared by every program of this machine that asks.

The server is nobody's child. It outlives a killed program and is found by the next one; the last program that leaves
in good order (`release`, or the end of the `with` block) stops it. It answers on a Unix socket inside its own data
directory, which only its owner (and root) may enter, and on no network address.
"""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import errors, sql

from xconnector.postgres.program import (
    MAJOR_VERSION,
    EmbeddedPostgresError,
    Owner,
    Programs,
    make_passable,
    server_owner,
    wheel_programs,
)

SUPERUSER = "xconnector"
PORT = 5432
# Linux gives a socket's address 108 bytes, the closing zero among them.
LONGEST_SOCKET_PATH = 107

SETTINGS: Mapping[str, str] = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    # What is committed survives a power cut: the ledger is the product's promise.
    "synchronous_commit": "on",
    "wal_level": "replica",
    "wal_compression": "on",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # Short statements on few cores: compiling and spreading them costs more than it gives.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # The tables of jobs and states turn over all day long.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_cost_delay": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Customers' content stands in statements and in the details of errors; the server's log must have none of it.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
"""Written into a new cluster; `ALTER SYSTEM` changes them afterwards."""


def default_directory() -> Path:
    """`/var/lib/xconnector/postgres` for root (its server runs as a system user), else below the user's data home."""
    if os.geteuid() == 0:
        return Path("/var/lib/xconnector/postgres")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "xconnector" / "postgres"


class EmbeddedPostgres:
    """One data directory and the server on it.

    `start` and `release` may be called again and again; neither is meant for two threads at once.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        settings: Mapping[str, str] = SETTINGS,
        patience: timedelta = timedelta(seconds=60),
    ) -> None:
        """Nothing is touched before `start`.

        Args:
            directory: where the cluster, its log and its locks lie; made when absent.
            settings: for a new cluster only.
            patience: how long a start may take, recovery after a crash included.
        """
        self._directory = Path(os.path.abspath(directory or default_directory()))  # noqa: PTH100 - keeps links as given
        self._cluster = self._directory / "data"
        self._log = self._directory / "server.log"
        self._settings = settings
        self._patience = patience
        self._membership: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    @property
    def directory(self) -> Path:
        return self._directory

    def database_url(self, name: str = "postgres") -> str:
        """The address of one database of this server; says nothing of whether either exists."""
        return f"postgresql://{SUPERUSER}@/{quote(name, safe='')}?host={quote(str(self._cluster), safe='')}&port={PORT}"

    def start(self) -> str:
        """Make the cluster if there is none, start the server if none runs, and join its users.

        Returns:
            The address of the maintenance database.

        Raises:
            EmbeddedPostgresError: the directory cannot serve, or the server does not come up.
        """
        owner = server_owner()
        self._refuse_unfit_paths()
        self._make_directory(owner)
        with self._alone():
            self._join()
            try:
                self._bring_up(wheel_programs(owner))
            except BaseException:
                self._leave()
                raise
        return self.database_url()

    def release(self) -> bool:
        """Leave; the last program to leave stops the server. Returns whether it was stopped."""
        if self._membership is None:
            return False
        with self._alone():
            last = self._is_last()
            if last:
                self._shut_down()
            self._leave()
        return last

    def stop(self) -> None:
        """Stop the server for everybody, whoever still uses it. Does nothing when none runs."""
        if not self._cluster.exists():
            return
        with self._alone():
            self._shut_down()
            self._leave()

    def ensure_database(self, name: str) -> str:
        """The address of the named database of the running server, which is made when absent."""
        with psycopg.connect(self.database_url(), autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
            if found is None:
                # Another program may be quicker by a moment.
                with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.database_url(name)

    # ------------------------------------------------------------------ the directory

    def _refuse_unfit_paths(self) -> None:
        longest = len(os.fsencode(self._cluster / f".s.PGSQL.{PORT}"))
        if longest > LONGEST_SOCKET_PATH or "," in str(self._directory):
            raise EmbeddedPostgresError(
                f"PostgreSQL's socket cannot lie in {self._directory}: its path may have no comma and "
                f"{LONGEST_SOCKET_PATH} bytes at most, and would have {longest}. Choose a shorter data directory."
            )

    def _make_directory(self, owner: Owner) -> None:
        if not self._directory.exists():
            make_passable(self._directory.parent)
            self._directory.mkdir(mode=0o700, exist_ok=True)
        if not owner.is_this_process:
            self._refuse_private_parent(owner)
            self._hand_over(owner)
        elif self._directory.stat().st_uid != owner.uid:
            raise EmbeddedPostgresError(
                f"{self._directory} belongs to another user (id {self._directory.stat().st_uid}). "
                "Start as that user (or as root, if root made it), or choose another data directory."
            )

    def _refuse_private_parent(self, owner: Owner) -> None:
        for folder in reversed(self._directory.parents):
            if not owner.may_enter(folder):
                raise EmbeddedPostgresError(
                    f"PostgreSQL runs as the system user '{owner.name}', who may not enter {folder}. "
                    f"Choose a data directory outside it, such as {default_directory()}, "
                    f"or let others pass through with `chmod o+x {folder}`."
                )

    def _hand_over(self, owner: Owner) -> None:
        found = self._directory.stat().st_uid
        if found == owner.uid:
            return
        if found != os.geteuid() or any(self._directory.iterdir()):
            raise EmbeddedPostgresError(
                f"{self._directory} is not empty and not a data directory of '{owner.name}'. "
                "Choose an empty or a new one, or start as the user to whom it belongs."
            )
        self._directory.chmod(0o700)
        os.chown(self._directory, owner.uid, owner.gid)

    # ------------------------------------------------------------------ who uses it

    @contextmanager
    def _alone(self) -> Generator[None]:
        """One program at a time starts or stops the server; a killed one lets go by itself."""
        lock = self._open_lock("start.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _join(self) -> None:
        if self._membership is None:
            self._membership = self._open_lock("users.lock")
            fcntl.flock(self._membership, fcntl.LOCK_SH)

    def _leave(self) -> None:
        if self._membership is not None:
            os.close(self._membership)
            self._membership = None

    def _is_last(self) -> bool:
        if self._membership is None:
            return False
        try:
            fcntl.flock(self._membership, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _open_lock(self, name: str) -> int:
        # The directory is the system user's: root must not follow a link that lies there.
        return os.open(self._directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    # ------------------------------------------------------------------ the server

    def _bring_up(self, programs: Programs) -> None:
        self._make_cluster(programs)
        deadline = time.monotonic() + self._patience.total_seconds()
        while not self._answers():
            if self._postmaster_runs():
                # Killed with its program's terminal, recovering, or shutting down: it will answer or be gone.
                self._wait(deadline)
                continue
            try:
                self._launch(programs)
            except subprocess.CalledProcessError as error:
                # Children of a killed postmaster hold its memory for a moment.
                if "still in use" not in self._last_words() or time.monotonic() > deadline:
                    raise self._did_not_come_up() from error
                self._wait(deadline)

    def _make_cluster(self, programs: Programs) -> None:
        version = self._cluster / "PG_VERSION"
        if version.exists():
            if (found := version.read_text().strip()) != MAJOR_VERSION:
                raise EmbeddedPostgresError(
                    f"{self._directory} holds a cluster of PostgreSQL {found}; this version brings {MAJOR_VERSION}. "
                    "Dump it with the version that made it and restore it here, or choose another data directory."
                )
            return
        # Made beside and renamed: a cluster exists whole or not at all.
        half = self._directory / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        arguments = [f"--pgdata={half}", f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8"]
        arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        arguments += [f"--set={name}={value}" for name, value in self._settings.items()]
        try:
            programs.run("initdb", arguments)
        except subprocess.CalledProcessError as error:
            raise EmbeddedPostgresError(
                f"No cluster could be made in {self._directory}. PostgreSQL's initdb said:\n{error.output}"
            ) from error
        half.rename(self._cluster)

    def _launch(self, programs: Programs) -> None:
        self._forget_recycled_pid()
        # Told at every start, so that no edit of a configuration file opens the server to others.
        where = "-c listen_addresses= -c unix_socket_directories=. -c unix_socket_permissions=0700"
        patience = str(int(self._patience.total_seconds()))
        arguments = ["start", "--wait", f"--timeout={patience}", f"--pgdata={self._cluster}", f"--log={self._log}"]
        programs.run("pg_ctl", [*arguments, f"--options={where} -c port={PORT}"])

    def _shut_down(self) -> None:
        if not self._postmaster_runs():
            return
        programs = wheel_programs(server_owner())
        patience = str(int(self._patience.total_seconds()))
        arguments = ["stop", "--mode=fast", "--wait", f"--timeout={patience}", f"--pgdata={self._cluster}"]
        try:
            programs.run("pg_ctl", arguments)
        except subprocess.CalledProcessError as error:
            if self._postmaster_runs():
                raise EmbeddedPostgresError(
                    f"The server in {self._directory} did not stop within {patience} s; see {self._log}."
                ) from error

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.database_url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _postmaster_runs(self) -> bool:
        pid = _pid_in(self._cluster / "postmaster.pid")
        return pid is not None and self._is_ours(pid)

    def _is_ours(self, pid: int) -> bool:
        """A running postmaster works inside its cluster; a stranger who got its old number does not."""
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self._cluster)
        except OSError:
            return False

    def _forget_recycled_pid(self) -> None:
        """PostgreSQL takes any process of the recorded number for its server, and would refuse to start.

        That may be a stranger, or, in a container whose first process reaps no orphans, the dead server itself.
        """
        for name in ("postmaster.pid", f".s.PGSQL.{PORT}.lock"):
            pid = _pid_in(self._cluster / name)
            if pid is not None and Path(f"/proc/{pid}").exists() and not self._is_ours(pid):
                (self._cluster / name).unlink(missing_ok=True)

    def _wait(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise self._did_not_come_up()
        time.sleep(0.1)

    def _did_not_come_up(self) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(
            f"PostgreSQL in {self._directory} did not come up. The end of {self._log} says:\n{self._last_words()}"
        )

    def _last_words(self) -> str:
        try:
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-10:])
        except FileNotFoundError:
            return "(nothing was written)"


def _pid_in(file: Path) -> int | None:
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
