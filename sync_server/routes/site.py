"""The site: what every route is given, and the one line in which writers wait."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

import anyio
import anyio.to_thread
from fastapi import Request

from fieldkit.errors import FieldKitError, StoreLockedError
from fieldkit.ports import Clock
from fieldkit.sync.envelope import envelope_id, peek
from sync_server.relay import Relay

T = TypeVar("T")

PAGES_BYTES_MAX: Final = 64 << 20
RESUMED_BYTES_MIN: Final = 4_096
DELIVERED_AT_ONCE: Final = 16


class Counter(Protocol):
    """Where the core is spoken to; it answers in bytes that are ready to be sent."""

    def follow(self) -> None:
        """Take in what a command has added to the ledger meanwhile."""

    def take(self, envelope: bytes, now_ms: int) -> Sequence[bytes]:
        """Take an envelope in; return envelopes for its author, the answer first."""

    def ask(self, request: bytes) -> bytes | None:
        """Return the answer to a signed question; None if there is no further page."""


class Site:
    """The relay, and the core if it is here.

    Everything that writes goes through ``alone``: one at a time, in a thread, while the
    event loop answers others.
    """

    def __init__(
        self, relay: Relay, counter: Counter | None, clock: Clock, body_bytes_max: int
    ) -> None:
        self.relay = relay
        self.counter = counter
        self.body_bytes_max = body_bytes_max
        self._clock = clock
        self._writer = anyio.CapacityLimiter(1)
        self._pages: OrderedDict[bytes, bytes] = OrderedDict()

    async def alone(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns; no other writer runs meanwhile."""
        return await anyio.to_thread.run_sync(work, limiter=self._writer)

    async def beside(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns; it only reads."""
        return await anyio.to_thread.run_sync(work)

    # --- Work for the core ---

    def take(self, envelope: bytes, *, carried: bool) -> bytes | None:
        """Return the sealed answer to an envelope, or None: kept, to be answered later.

        Args:
            envelope: as it came.
            carried: whether a courier brought it: then answers wait for their author.
        """
        if self.counter is None:
            self.relay.keep(envelope)
            return None
        try:
            self.counter.follow()
            answers = self.counter.take(envelope, self._clock.now_ms())
        except StoreLockedError:
            self.relay.keep(envelope)
            return None
        for one in answers if carried else answers[1:]:
            self._post(one)
        return answers[0] if answers else b""

    def deliver(self) -> int:
        """Hand envelopes that waited to the core; return how many it has seen."""
        if self.counter is None:
            return 0
        waiting = self.relay.waiting(DELIVERED_AT_ONCE)
        for name, envelope in waiting:
            try:
                self.counter.follow()
                for one in self.counter.take(envelope, self._clock.now_ms()):
                    self._post(one)
            except StoreLockedError:
                return 0
            except FieldKitError:
                pass  # nobody can use it; its sender never gets a receipt for it
            self.relay.drop(name)
        return len(waiting)

    def ask(self, request: bytes) -> bytes | None:
        """Return the core's answer; it is kept for a while, so that it can be resumed.

        Raises:
            StoreLockedError: the core is not here.
        """
        if self.counter is None:
            raise StoreLockedError("relay.no_core")
        self.counter.follow()
        answer = self.counter.ask(request)
        if answer is not None and len(answer) >= RESUMED_BYTES_MIN:
            self._pages[envelope_id(answer)] = answer
            while sum(map(len, self._pages.values())) > PAGES_BYTES_MAX:
                self._pages.popitem(last=False)
        return answer

    def kept_page(self, name: bytes) -> bytes | None:
        """Return a page that was sent a while ago, or None: then ask again."""
        return self._pages.get(name)

    def _post(self, envelope: bytes) -> None:
        self.relay.post(peek(envelope).key_id, envelope)


def site_of(request: Request) -> Site:
    """Return the site that a request came to."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site
