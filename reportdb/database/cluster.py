"""The embedded server's data folder, a PostgreSQL cluster: create it, refuse a foreign one, place its socket."""

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
from pathlib import Path

from reportdb.database import disk
from reportdb.database.server_user import Programs, ServerError, last_words

OWNER = "report_owner"
ANOTHER_FOLDER = "Name another folder with --data or REPORT_DB_DATA."
_LONGEST_SOCKET_PATH = 100  # bytes; the system's limit is 107

# Measured with bench/ on two cores; PostgreSQL's defaults are for much smaller machines.
_SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "512MB",
    "effective_cache_size": "8GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",  # nothing follows this server; a table filled where it was emptied needs no log
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
}


def refuse_foreign_data(data: Path, programs: Programs) -> None:
    """Raise ServerError for data of another user or of another version of PostgreSQL, and for a path it cannot take."""
    if found := re.search(r"""["$`\\\n]""", str(data)):
        raise ServerError(
            f"{data} holds the character {found[0]!r}, with which PostgreSQL cannot start. {ANOTHER_FOLDER}"
        )
    try:
        version = (data / "PG_VERSION").read_text().strip()
        owner, user = data.stat().st_uid, programs.user.pw_uid if programs.user else os.geteuid()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ServerError(f"{data} cannot be read: {error.strerror}. {ANOTHER_FOLDER}") from error
    ours = programs.run("postgres", ["--version"]).split()[2].split(".")[0]
    if version != ours:
        raise ServerError(
            f"{data} holds the data of PostgreSQL {version}; this is PostgreSQL {ours}, which cannot read it. "
            f"{ANOTHER_FOLDER} Or carry the data over with pg_dump of version {version}."
        )
    if owner != user:
        raise ServerError(
            f"{data} belongs to the user {_name(owner)}, but PostgreSQL would run as {_name(user)}. "
            f"Run as the user it belongs to, or give it to {_name(user)} with chown -R. {ANOTHER_FOLDER}"
        )


def _name(user: int) -> str:
    """Return a user's name, or the number of a user who has none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def create_cluster(data: Path, programs: Programs) -> None:
    """Create a new cluster beside its final place and move it there when it is complete."""
    if _name(os.geteuid()).isdecimal():
        raise ServerError(
            f"The user {os.geteuid()} has no name, and initdb needs one. Add a line to /etc/passwd for it."
        )
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(mode=0o700)
        if programs.user:
            os.chown(unfinished, programs.user.pw_uid, programs.user.pw_gid)
        # Only the folder's owner can reach the socket in it, so "trust" admits only that owner.
        programs.run(
            "initdb",
            [
                f"--pgdata={unfinished}",
                f"--username={OWNER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
            ],
        )
        with (unfinished / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
        unfinished.rename(data)
    except (OSError, subprocess.SubprocessError) as error:
        full = disk.is_full(data.parent) or disk.tells_of_a_full_disk(f"{error} {getattr(error, 'stderr', '')}")
        shutil.rmtree(unfinished, ignore_errors=True)
        if full:
            raise ServerError(disk.full_words(data.parent)) from error
        raise ServerError(f"No database could be made in {data.parent}: {last_words(error)}.") from error
    except BaseException:  # Ctrl-C
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def socket_folder(data: Path) -> Path:
    """Return a folder for the socket: the data's own, or a private short one where that path is too long."""
    short_enough = len(bytes(data / ".s.PGSQL.5432")) <= _LONGEST_SOCKET_PATH
    if short_enough and re.fullmatch(r"[\w./-]+", str(data), re.ASCII):
        return data
    # Not the temporary folder of the environment: all processes must find the same.
    short = Path("/tmp") / f"reportdb-{hashlib.sha256(bytes(data)).hexdigest()[:12]}"  # noqa: S108
    owner = data.stat()
    try:
        short.mkdir(mode=0o700, exist_ok=True)
        there = short.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid not in {owner.st_uid, os.geteuid()}:
            raise FileExistsError
        os.chown(short, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise ServerError(f"{short} is not ours, but the server's socket belongs there. Remove it.") from error
    return short
