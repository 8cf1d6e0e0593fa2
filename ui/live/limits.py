"""How much one viewer may take of what all share: open pages, pages drawn, files made at once.

A viewer is an account, or an address where nobody has signed in. Many people may stand behind one address (an office, a
proxy, the screens of an operations room), so it may take more than an account; what it is shown without an account
costs little.
"""

import asyncio
import ipaddress
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from starlette.types import Message, Receive

from ui.live.rate_limit import RateLimiter


class Whose(NamedTuple):
    """Whose requests and pages are counted together."""

    kind: Literal["account", "address"]
    name: str


def of_account(subject: str) -> Whose:
    """Return an account's, by the name it signs in with."""
    return Whose("account", subject)


def of_address(address: str | None) -> Whose:
    """Return an address's (None: this machine's); those of an IPv6 network are one."""
    try:
        known = ipaddress.ip_address(address or "127.0.0.1")
    except ValueError:
        return Whose("address", "unknown")
    return Whose("address", str(known if known.version == 4 else ipaddress.ip_network((known, 64), strict=False)))


@dataclass(frozen=True)
class Share:
    """What one account, or one address, may take.

    `sockets` is how many pages may be open, `runs` how many of them may be in work at once, `files` how many files.
    So many clicks together (`clicks`), and then so many a second, go before pages that refresh by themselves; beyond
    that they wait as those do. So many pages together (`pages`), and then so many a second, are drawn on request at
    all; a page that the heartbeat has drawn again is not counted. `messages` is how many messages a second are read.
    """

    sockets: int
    runs: int
    files: int
    clicks: tuple[int, float]
    pages: tuple[int, float]
    messages: tuple[int, float]


SHARES: dict[Literal["account", "address"], Share] = {
    "account": Share(sockets=40, runs=3, files=2, clicks=(20, 1.0), pages=(60, 2.0), messages=(200, 20.0)),
    "address": Share(sockets=600, runs=24, files=4, clicks=(400, 20.0), pages=(1200, 40.0), messages=(4000, 400.0)),
}


class Pace:
    """How often each viewer may do one thing. Safe to share between threads where one call is enough."""

    def __init__(
        self,
        of: Callable[[Share], tuple[int, float]],
        shares: dict[Literal["account", "address"], Share] = SHARES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow what `of` says of a share."""
        self._allowed = {
            kind: RateLimiter(at_once=of(share)[0], per_second=of(share)[1], clock=clock)
            for kind, share in shares.items()
        }

    def wait(self, who: Whose) -> float:
        """Count one and return 0; or, where it is too soon, return the seconds to wait, and count nothing."""
        return self._allowed[who.kind].wait(who)


@dataclass
class Places:
    """How many of something each viewer has at once: of open pages, of files that are made. For one thread."""

    most: Callable[[Share], int]
    _taken: Counter[Whose] = field(default_factory=Counter)

    def full(self, who: Whose) -> bool:
        """Whether a viewer has as many as they may."""
        return self._taken[who] >= self.most(SHARES[who.kind])

    def take(self, who: Whose) -> None:
        """Count one more."""
        self._taken[who] += 1

    def leave(self, who: Whose) -> None:
        """Count one less."""
        self._taken[who] -= 1
        if self._taken[who] <= 0:
            del self._taken[who]

    @contextmanager
    def held(self, who: Whose) -> Iterator[None]:
        """Count one more while the block runs."""
        self.take(who)
        try:
            yield
        finally:
            self.leave(who)


class Sockets(Places):
    """The open WebSockets of each viewer, and how fast what they send is read: a flood waits in the network."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Begin with none open. `clock` counts seconds, `sleep` lets some pass."""
        super().__init__(lambda share: share.sockets)
        self._messages = Pace(lambda share: share.messages, clock=clock)
        self._sleep = sleep

    def paced(self, who: Whose, receive: Receive) -> Receive:
        """Return what receives a viewer's messages no faster than they may send them."""

        async def receive_in_time() -> Message:
            while seconds := self._messages.wait(who):
                await self._sleep(seconds)
            return await receive()

        return receive_in_time
