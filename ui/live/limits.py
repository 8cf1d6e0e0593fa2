"""Limits for one viewer on what all share: open pages, page runs, files made at once.

A viewer is an account, or an address if nobody has signed in. Many people may share an address (an office, a proxy, the
screens of an operations room), so it may use more than an account; pages without an account cost little.
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
    """Who is counted together for the limits."""

    kind: Literal["account", "address"]
    name: str


def of_account(subject: str) -> Whose:
    """Return an account, by the name it signs in with."""
    return Whose("account", subject)


def of_address(address: str | None) -> Whose:
    """Return an address (None: this machine); an IPv6 network counts as one."""
    try:
        known = ipaddress.ip_address(address or "127.0.0.1")
    except ValueError:
        return Whose("address", "unknown")
    return Whose("address", str(known if known.version == 4 else ipaddress.ip_network((known, 64), strict=False)))


@dataclass(frozen=True)
class Share:
    """The limits of one account or one address.

    `sockets`: open pages. `runs`: pages being drawn at once. `files`: files made at once. `clicks`: a burst, and then a
    rate a second, that goes before automatic refreshes; further clicks wait as refreshes do. `pages`: a burst, and then
    a rate a second, of pages drawn on request; refreshes by the heartbeat are not counted. `messages`: WebSocket
    messages read a second.
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
    """A rate limit for each viewer. Thread-safe."""

    def __init__(
        self,
        of: Callable[[Share], tuple[int, float]],
        shares: dict[Literal["account", "address"], Share] = SHARES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use the limit that `of` takes from a share."""
        self._allowed = {
            kind: RateLimiter(at_once=of(share)[0], per_second=of(share)[1], clock=clock)
            for kind, share in shares.items()
        }

    def wait(self, who: Whose) -> float:
        """Count one and return 0; if it comes too soon, return the seconds to wait and do not count it."""
        return self._allowed[who.kind].wait(who)


@dataclass
class Places:
    """A count for each viewer of what it holds at once: open pages, files being made. Not thread-safe."""

    most: Callable[[Share], int]
    _taken: Counter[Whose] = field(default_factory=Counter)

    def full(self, who: Whose) -> bool:
        """Whether a viewer has reached the limit."""
        return self._taken[who] >= self.most(SHARES[who.kind])

    def take(self, who: Whose) -> None:
        """Add one."""
        self._taken[who] += 1

    def leave(self, who: Whose) -> None:
        """Remove one."""
        self._taken[who] -= 1
        if self._taken[who] <= 0:
            del self._taken[who]

    @contextmanager
    def held(self, who: Whose) -> Iterator[None]:
        """Hold one while the block runs."""
        self.take(who)
        try:
            yield
        finally:
            self.leave(who)


class Sockets(Places):
    """The open WebSockets of each viewer, read at a limited rate: a flood is held back in the network."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start with none open. `clock` counts seconds, `sleep` lets some pass."""
        super().__init__(lambda share: share.sockets)
        self._messages = Pace(lambda share: share.messages, clock=clock)
        self._sleep = sleep

    def paced(self, who: Whose, receive: Receive) -> Receive:
        """Return a `receive` that reads a viewer's messages no faster than its share allows."""

        async def receive_in_time() -> Message:
            """Return the next message once the viewer's share allows it."""
            while seconds := self._messages.wait(who):
                await self._sleep(seconds)
            return await receive()

        return receive_in_time
