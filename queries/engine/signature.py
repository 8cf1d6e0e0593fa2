"""The application's signature on a scope. The database accepts no unsigned one:
reportdb/schema/baseline/17_scope.sql.
"""

import hmac
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from queries.engine.scope import Scope

KEY_VARIABLE = "REPORT_SCOPE_KEY"
SECONDS_OF_A_SIGNATURE = 30
"""A signature is checked when the question is planned and when it starts; a question may take 15 s."""
_SECONDS_BETWEEN_KEYS = 10.0


class NoKey(Exception):
    """There is no key to sign with; the message says what to do."""


@dataclass(frozen=True)
class Session:
    """A connection's session as the database knows it: its name, and its clock (seconds since 1970) at `learned_at`, a
    value of time.monotonic().
    """

    name: str
    clock: float
    learned_at: float

    def now(self) -> float:
        """Return the database's time in seconds since 1970, independent of our own clock."""
        return self.clock + time.monotonic() - self.learned_at


class Signer:
    """Signs scopes with a key that is read at first use, and again after `renew`. Thread-safe."""

    def __init__(self, find_key: Callable[[], str | None], clock: Callable[[], float] = time.monotonic) -> None:
        """Sign with the key that `find_key` returns in hexadecimal digits; None: no key. `clock` counts the
        seconds between two readings of the key.
        """
        self._find_key, self._clock = find_key, clock
        self._guard = threading.Lock()
        self._key: bytes | None = None
        self._found_at: float | None = None
        self._stale = False

    def signed(self, scope: Scope, reader: str, session: Session) -> str:
        """Return the value for report.scope, valid for this role, reader and session for half a minute. Raises NoKey.

        It needs no quoting.
        """
        expiry = round((session.now() + SECONDS_OF_A_SIGNATURE) * 1000)
        words = f"{scope.setting};{scope.role};{expiry};{reader.encode(errors='replace').hex()}"
        return f"{words};{hmac.digest(self._known(), f'{words};{session.name}'.encode(), 'sha256').hex()}"

    def renew(self) -> None:
        """Read the key again before the next signature, at most every ten seconds: it may have changed."""
        self._stale = True

    def _known(self) -> bytes:
        with self._guard:
            now = self._clock()
            waited = self._found_at is None or now - self._found_at >= _SECONDS_BETWEEN_KEYS
            if waited and (self._key is None or self._stale):
                found = self._find_key()
                self._key = bytes.fromhex(found) if found else None
                self._found_at, self._stale = now, False
            if self._key is None:
                raise NoKey(
                    f"{KEY_VARIABLE} is not set, and the login may not read the key: only counts are answered. "
                    "`python -m reportdb scope-key`, run as the database's owner, prints it."
                )
            return self._key


def is_key(words: str) -> bool:
    """Return whether text is a key: 64 hexadecimal digits."""
    return re.fullmatch(r"[0-9a-fA-F]{64}", words) is not None
