"""No server stays behind however the dashboard, a command or a shell ends; broken settings give a message."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reportdb.importer import ImportFailure
from reportdb.mapping.mapping_file import read_mapping
from tests.conftest import _in_memory
from tests.open_folder import open_folder
from tests.servers import HOLD, ROOT, postmaster
from tests.waiting import becomes
from ui.base import thresholds
from ui.wall import screens

_LATIN_1 = 'name = "phản ánh"\n'.encode()[:9] + b"\xe9\n"
"""Settings saved in another encoding: byte 10 is not UTF-8."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a server whose socket is in its own folder in /tmp; neither may be left behind."""
    with open_folder("ending-test-", _in_memory()) as place:
        yield place / "cơ sở"
        assert not postmaster(place / "cơ sở"), "a server was left running"
        sockets = hashlib.sha256(bytes(place.resolve() / "cơ sở" / "data")).hexdigest()[:12]
        assert not Path("/tmp", f"reportdb-{sockets}").exists()


def holder(folder: Path) -> "subprocess.Popen[str]":
    """Start a program without signal handlers that uses the server."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], cwd=ROOT, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


@pytest.mark.parametrize("endings", [["SIGTERM"], ["SIGHUP"], ["SIGTERM", "SIGTERM", "SIGHUP"]], ids="+".join)
def test_a_program_that_is_ended_stops_the_server_it_used_last(folder: Path, endings: list[str]) -> None:
    process = holder(folder)
    assert list(Path("/tmp").glob("reportdb-*"))
    for ending in endings:
        process.send_signal(signal.Signals[ending])
        time.sleep(0.05)
    process.communicate(timeout=60)


def test_a_program_started_with_nohup_outlives_its_terminal(folder: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        process = holder(folder)
    finally:
        signal.signal(signal.SIGHUP, before)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    assert postmaster(folder)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def test_a_command_ended_while_it_makes_the_database_leaves_nothing_incomplete(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reportdb", "demo", "--data", folder],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert becomes((folder / "data.new" / "PG_VERSION").exists)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    assert not (folder / "data.new").exists()


def test_a_run_of_tests_that_is_ended_leaves_no_server_and_no_folder(tmp_path: Path) -> None:
    """It is ended by a time limit, such as `timeout`."""
    waits = tmp_path / "test_waits.py"
    waits.write_text(f"""
import pathlib, time
def test_waits(server):
    pathlib.Path({str(tmp_path / "server")!r}).write_text(server)
    time.sleep(300)
""")
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", ROOT / "pyproject.toml", waits],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert becomes((tmp_path / "server").exists)
    used = Path((tmp_path / "server").read_text().partition("host=")[2].partition("&")[0])
    assert used.exists()
    run.send_signal(signal.SIGTERM)
    run.wait(60)
    assert not used.exists()


def test_an_ended_dashboard_waits_for_no_slow_reader_and_leaves_no_server(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "reportdb", "demo", "--reports", "9000", "--data", folder], cwd=ROOT, check=True
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}"],
        cwd=ROOT, env=os.environ | {"REPORT_DB_DATA": str(folder)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert becomes(lambda: status(port) == "ok")
        killed = postmaster(folder)
        assert killed
        os.kill(killed, signal.SIGKILL)
        assert becomes(lambda: postmaster(folder) not in {None, killed} and status(port) == "ok")

        reading: list[socket.socket] = []
        assert becomes(lambda: downloads(port, reading))
        time.sleep(1)
        process.send_signal(signal.SIGHUP)
        process.wait(30)
        reading[-1].close()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
            process.wait(30)


def downloads(port: int, reading: list[socket.socket]) -> bool:
    """Start downloading a large file and stop reading at once; return whether it is sent."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", port))
    asked = f"GET /cases.csv?figure=submitted&period=all HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    reader.sendall(asked.encode())
    if begins := reader.recv(12) == b"HTTP/1.1 200":
        reading.append(reader)
    else:
        reader.close()
    return begins


def status(port: int) -> str:
    """Return the dashboard's /health answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return str(answer.read().decode().partition('"status":"')[2].partition('"')[0])
    except OSError:
        return ""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_make_run_ends_with_its_shell(tmp_path: Path, ending: signal.Signals) -> None:
    if ending == signal.SIGKILL and subprocess.run(["setpriv", "--pdeathsig", "TERM", "true"], check=False).returncode:
        pytest.skip("this system tells no process that its parent was killed")
    for name in ("python", "streamlit"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\ncase "$*" in *simulate*|*dashboard*) exec sleep 300;; esac\n')
        program.chmod(0o755)
    (tmp_path / "installed").touch()  # newer than its prerequisites
    make = subprocess.Popen(
        ["make", "run", f"BIN={tmp_path}", f"INSTALLED={tmp_path / 'installed'}"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert becomes(lambda: len([one for one in children(make.pid) if one.name() == "sleep"]) == 2)
        sleeping = [one for one in children(make.pid) if one.name() == "sleep"]
        os.kill(sleeping[0].ppid(), ending)
        assert psutil.wait_procs(sleeping, timeout=10)[1] == []
    finally:
        os.killpg(make.pid, signal.SIGKILL)
        make.wait()


def children(process: int) -> list[psutil.Process]:
    """Return a process's children and their children."""
    return psutil.Process(process).children(recursive=True)


def test_thresholds_in_another_encoding_are_reported_by_file_and_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(thresholds.VARIABLE, str(broken(tmp_path / "thresholds.toml")))
    with pytest.raises(thresholds.SettingsError, match=r"thresholds\.toml is not UTF-8: byte 10, in line 1, is 0xE9"):
        thresholds.thresholds.__wrapped__()


def test_screens_in_another_encoding_are_reported_by_file_and_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(screens.SCREENS_VARIABLE, str(broken(tmp_path / "screens.toml")))
    with pytest.raises(screens.NotAScreen, match=r"screens\.toml is not UTF-8: byte 10, in line 1, is 0xE9"):
        screens.screens()


def test_a_mapping_in_another_encoding_is_reported_by_file_and_byte(tmp_path: Path) -> None:
    with pytest.raises(ImportFailure, match=r"city\.toml' is not UTF-8: byte 10 is 0xE9"):
        read_mapping(str(broken(tmp_path / "city.toml")))


@pytest.mark.parametrize("name", ["config.toml", "secrets.toml"])
def test_streamlits_settings_in_another_encoding_stop_the_start_with_a_message(tmp_path: Path, name: str) -> None:
    (tmp_path / ".streamlit").mkdir()
    file = broken(tmp_path / ".streamlit" / name)
    for program in (["-m", "ui.base.settings_files"], ["-m", "uvicorn", "dashboard:app", "--port=0"]):
        done = subprocess.run(
            [sys.executable, *program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
            env=os.environ | {"PYTHONPATH": str(ROOT), "REPORT_DB_URL": "postgresql://nobody@127.0.0.1:9/none"},
        )  # fmt: skip
        assert done.returncode
        assert f"{file} is not UTF-8: byte 10, in line 1, is 0xE9. Save the file as UTF-8." in done.stderr
        assert "Traceback" not in done.stderr


def broken(file: Path) -> Path:
    """Write settings to a file in an encoding other than UTF-8."""
    file.write_bytes(_LATIN_1)
    return file
