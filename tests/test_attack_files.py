"""Attacks on files: what the product leaves behind, and which other users could read it."""

import csv
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportdb.database.server_user import lock_file
from reportdb.source_file.rejects import Rejects
from tests.browser.conftest import dashboard, free_port
from tests.conftest import DEMO_NOW
from tests.open_folder import open_folder
from tests.waiting import becomes
from ui.base import temporary_files
from ui.base.temporary_files import own_folder, temporary_folder

ROOT = Path(__file__).parents[1]
ALL = "figure=submitted&at=" + DEMO_NOW.isoformat().replace("+", "%2B")
HOLD = """
import sys, tempfile
from pathlib import Path
from ui.base.temporary_files import own_folder, temporary_folder
with temporary_folder():
    (own_folder() / "cases-of-others").write_text("Nguyen Van A, 0912 345 678")
    print(own_folder(), flush=True)
    sys.stdin.read()
"""

ASK = """
import http.client, sys, time
while True:
    try:
        asked = http.client.HTTPConnection(sys.argv[1])
        asked.request("GET", sys.argv[2])
        asked.getresponse().read()
    except ConnectionError:
        if asked.sock:  # it was connected: the server is gone
            break
        time.sleep(0.2)
    except OSError:
        time.sleep(0.2)
"""


def open_to_others(folder: Path) -> list[str]:
    """Return the files below a folder that other users could open, with their modes."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if (Path(place) / name).lstat().st_mode & 0o011]
        for name in files:
            mode = (Path(place) / name).lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & 0o066:
                found.append(f"{Path(place) / name}: {stat.S_IMODE(mode):o}")
    return found


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files, as open as /tmp."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    folder.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def holder() -> subprocess.Popen[str]:
    """Return a process that holds its own folder with a file in it and has printed the path."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_killed_processs_files_are_removed_at_the_next_start(temporary: Path) -> None:
    held = holder()
    assert held.stdout
    folder = Path(held.stdout.readline().strip())
    assert folder.is_relative_to(temporary)
    held.kill()
    held.communicate()
    assert (folder / "cases-of-others").exists()
    with temporary_folder():
        assert not folder.exists()
        assert own_folder().exists()
    assert list(temporary.glob("*/*/")) == []


def test_another_processs_files_are_kept(temporary: Path) -> None:
    held = holder()
    assert held.stdout
    folder = Path(held.stdout.readline().strip())
    with temporary_folder():
        assert (folder / "cases-of-others").exists()
        assert own_folder() != folder
    held.communicate("")
    assert not folder.exists()
    assert list(temporary.glob("*/*/")) == []


@pytest.mark.parametrize("trap", ["a link", "a file", "open to all"])
def test_another_users_folder_is_not_used(temporary: Path, tmp_path: Path, trap: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").mkdir()
    name = temporary / f"reports-{os.geteuid()}"
    if trap == "a link":
        name.symlink_to(elsewhere)
    elif trap == "a file":
        name.write_text("")
    else:
        name.mkdir()
        name.chmod(0o777)
    with temporary_folder():
        assert own_folder().is_relative_to(temporary)
        assert not own_folder().is_relative_to(name)
    assert (elsewhere / "precious").exists()


def test_without_a_place_for_files_the_dashboard_still_runs(
    temporary: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(temporary_files, "_shared", full)
    with temporary_folder():
        assert own_folder() == temporary
    assert "No space left on device" in caplog.text


def test_a_killed_export_is_gone_after_the_next_start(demo: str, temporary: Path, tmp_path: Path) -> None:
    def being_made() -> bool:
        return list(temporary.rglob("cases-*/*")) != []

    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"REPORT_DB_URL": demo}, stdout=log, stderr=log)
    try:
        asker = subprocess.Popen([sys.executable, "-c", ASK, f"127.0.0.1:{port}", f"/cases.xlsx?{ALL}"])
        try:
            assert becomes(being_made) or becomes(being_made), "no workbook was begun"
            assert open_to_others(temporary) == []
        finally:
            server.send_signal(signal.SIGKILL)
            asker.kill()
            asker.wait()
    finally:
        server.kill()
        server.wait()
    assert being_made(), "a killed process can remove nothing"
    with dashboard(demo, tmp_path / "next.log"):
        assert list(temporary.rglob("cases-*")) == []
    assert [file for file in temporary.rglob("*") if file.name != "gate.lock" and file.is_file()] == []


def test_nothing_the_embedded_server_writes_is_open_to_others(temporary: Path) -> None:
    with open_folder("modes-") as folder:
        made = [sys.executable, "-m", "reportdb", "demo", "--reports", "300", "--data", str(folder / "data")]
        subprocess.run(made, cwd=ROOT, check=True, capture_output=True)
        assert (folder / "data" / "users.lock").exists()
        assert open_to_others(folder) == []
    assert open_to_others(temporary) == []


def test_an_old_lock_file_readable_by_others_is_restricted(tmp_path: Path) -> None:
    lock = tmp_path / "users.lock"
    lock.write_text("")
    lock.chmod(0o644)
    lock_file(lock).close()
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_only_the_importing_user_can_read_rejected_rows(tmp_path: Path) -> None:
    place = tmp_path / "rejects.csv"
    rejects = Rejects(place, "utf-8")
    rejects.add(2, "no date", "Nguyen Van A,0912 345 678")
    rejects.finish()
    assert open_to_others(tmp_path) == []
    rejects.put_in_place()
    assert open_to_others(tmp_path) == []
    with place.open(newline="") as written:
        assert len(list(csv.reader(written))) == 2
