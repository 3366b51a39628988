"""Syncing: a session driven over HTTP, and others' letters handed in beside it."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from fieldkit.client.installation import Installation
from fieldkit.client.letters import (
    Brought,
    is_to_province,
    letter_of,
    question,
    take_all,
)
from fieldkit.client.transport_http import HttpLink, Stored
from fieldkit.codec import decode, encode
from fieldkit.errors import (
    AccessError,
    BadSignatureError,
    FieldKitError,
    ProtocolError,
    RemoteProtocolError,
    TransportError,
)
from fieldkit.store.store import Store
from fieldkit.sync.asking import DeviceKeys, Send
from fieldkit.sync.envelope import key_id, keys_by_id
from fieldkit.sync.roster import Roster
from fieldkit.sync.session import Session

Progress = Callable[[str, int, int], None]
IN_FLIGHT: Final = 2
QUICK_PAGE_S: Final = 1.0
"""A line that brings a page so soon is quick enough to wait for, with a lock held."""
STALLED_S: Final = 10.0
"""How long a quick line may take for a page before it counts as broken."""
_MAIL, _COURIER = "mail/", "courier"
_NO_CORE: Final = "relay.no_core"


@dataclass(slots=True)
class SyncReport:
    """What a sync did.

    Attributes:
        sent: batches that the province has taken in.
        stored: batches that lie with a relay.
        received: parts that became visible here.
        delivered: letters of others that were handed in.
        fetched: letters for others that came to be carried.
        certified: whether the province knows this laptop; if not, what was sent waits
            until a coordinator has looked.
        refused: letters that the server cannot use.
    """

    sent: int = 0
    stored: int = 0
    received: int = 0
    delivered: int = 0
    fetched: int = 0
    certified: bool = True
    refused: list[FieldKitError] = field(default_factory=list)


def device_keys(installation: Installation) -> DeviceKeys:
    """Return what this laptop signs and opens with, all its epochs together."""
    keys = installation.keys()
    return DeviceKeys(
        epoch=keys[-1].epoch,
        signing={one.epoch: one.signing for one in keys},
        opening=keys_by_id(*(one.identity for one in keys)),
    )


class Syncing:
    """One sync with one server."""

    def __init__(
        self,
        store: Store,
        installation: Installation,
        roster: Roster,
        link: HttpLink,
        progress: Progress | None = None,
    ) -> None:
        self._store = store
        self._installation = installation
        self._roster = roster
        self._link = link
        self._progress = progress or (lambda *_: None)
        self._keys = device_keys(installation)
        self.report = SyncReport()

    def run(self) -> SyncReport:
        """Sync and return what was done; what broke off goes on at the next sync.

        Raises:
            TransportError: the server was not reached, or the link broke.
            RemoteProtocolError, BadSignatureError, AccessError: what came back cannot
                be believed; nothing of it was used.
        """
        broken = self._deliver_all()
        has_core = self._introduce()
        session = self._session(relay_only=not has_core)
        try:
            session = self._drive(session)
        except (AccessError, TransportError) as error:
            if not (_not_certified(error) or _no_core(error)):
                raise
            self.report.certified = not _not_certified(error)
            has_core = False
            session = self._drive(self._session(relay_only=True))
        if not has_core and self.report.certified:
            self._ask_by_mail(session)
        self.report.received = session.applied
        self._roster = session.roster
        self._fetch_all()
        if broken is not None:
            raise broken
        return self.report

    def _session(self, *, relay_only: bool) -> Session:
        return Session(self._store, self._keys, self._roster, relay_only=relay_only)

    def _introduce(self) -> bool:
        """Hand in the enrolment, if need be; return whether the core is there."""
        if self._keys.epoch in self._roster.devices:
            return True
        try:
            for word in self._installation.first_words(self._roster):
                self._link.hand_in(word)
        except Stored:
            return False
        return True

    # --- The session ---

    def _drive(self, session: Session) -> Session:
        """Drive a session to its end; return the one that came to it."""
        self._up(session)
        may_stream = True
        while (message := session.next_message()) is not None:
            asked = monotonic()
            self._take(session, message, self._exchange(session, message))
            is_quick = monotonic() - asked < QUICK_PAGE_S
            if may_stream and is_quick and session.pages.is_open:
                may_stream = False
                session = self._stream(session)
        return session

    def _up(self, session: Session) -> None:
        """Cut what was saved and hand it in: two in flight while a third is cut."""
        if (question := session.next_question()) is not None:
            self._take(session, question, self._exchange(session, question))
        with _Threads() as threads:
            flying: dict[Future[bytes], Send] = {}
            may_cut = True
            while may_cut or session.has_unsent or flying:
                if may_cut and not session.has_unsent:
                    may_cut = session.cut_next()
                elif session.has_unsent and len(flying) < IN_FLIGHT:
                    message = session.next_message()
                    assert message is not None, "a batch is there to be sent"
                    flying[threads.start(self._link, message)] = message
                else:
                    self._land(session, flying)

    def _land(self, session: Session, flying: dict[Future[bytes], Send]) -> None:
        """Wait for the first answers of what is in flight, and take them in."""
        done, _ = wait(flying, return_when=FIRST_COMPLETED)
        for future in done:
            message = flying.pop(future)
            self._take(session, message, _result(session, message, future))
        sent = self.report.sent + self.report.stored
        self._progress("up", sent, sent + len(flying))

    def _stream(self, session: Session) -> Session:
        """Apply the rest of a run while it is fetched, where the line is quick.

        All of it becomes visible at the end of one transaction. If the line breaks it
        never happened, and the pages are staged one by one instead, which any line can.
        """
        try:
            with self._store.transaction(), _Threads() as threads:
                pages = session.pages
                pages.begin_at_once(session.roster.receipt_keys)
                while pages.is_open and (message := session.next_message()):
                    answer = threads.start(self._link, message)
                    pages.apply_next()
                    self._take(session, message, answer.result(STALLED_S))
                pages.apply_next()
                pages.end_at_once()
        except (TransportError, RemoteProtocolError, TimeoutError):
            return self._session(relay_only=False)
        return session

    def _exchange(self, session: Session, message: Send) -> bytes | None:
        future: Future[bytes] = Future()
        try:
            future.set_result(self._link.exchange(message))
        except (FieldKitError, Stored) as error:
            future.set_exception(error)
        return _result(session, message, future)

    def _take(self, session: Session, message: Send, answer: bytes | None) -> None:
        """Take in an answer; None stands for a relay that keeps an envelope."""
        if answer is None:
            session.stored(message)
            self.report.stored += 1
            return
        session.receive(message, answer)
        if message.what == "envelope":
            self.report.sent += 1
        elif message.what == "page":
            self._progress("down", session.pages.reached, session.head)

    # --- A relay without its core ---

    def _ask_by_mail(self, session: Session) -> None:
        """Leave a question at the relay, and take what answers lie there for us."""
        with contextlib.suppress(Stored):
            self._link.hand_in(question(self._store, self._keys, session.roster))
        brought = Brought()
        for recipient in self._keys.opening:
            envelopes = [envelope for _, envelope in self._mail(recipient)]
            take_all(envelopes, self._store, self._keys, session, brought)

    def _mail(self, recipient: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield what waits for a key; each is fetched once."""
        name = _MAIL + recipient.hex()
        kept = self._store.setting(name)
        after = 0 if kept is None else int(decode(kept, bytes_max=16))
        for number, envelope in self._link.mail(recipient, after):
            yield number, envelope
            with self._store.transaction():
                self._store.set_setting(name, encode(number))

    # --- For others ---

    def _deliver_all(self) -> TransportError | None:
        """Hand in the letters of others, so that our own pages show what they brought.

        One that the server chokes on must not keep our own work here: it is told last.
        """
        try:
            for letter in list(self._store.letters()):
                if is_to_province(letter, self._roster):
                    self._deliver(letter.envelope_id, letter.envelope)
        except TransportError as error:
            return error
        return None

    def _fetch_all(self) -> None:
        """Fetch what waits for others, those certified by their letters included."""
        if self._store.setting(_COURIER) is None:
            return
        own = set(self._keys.signing)
        for epoch, device in self._roster.devices.items():
            if epoch not in own:
                self._fetch(key_id(device.recipient))

    def _deliver(self, name: bytes, envelope: bytes) -> None:
        try:
            self._link.hand_in(envelope, carried=True)
        except Stored:
            pass
        except (AccessError, ProtocolError, BadSignatureError) as error:
            self.report.refused.append(error)
            if isinstance(error, AccessError):
                return  # its author may be certified later
        with self._store.transaction():
            self._store.note_delivered(name)
            self._store.set_setting(_COURIER, b"1")
        self.report.delivered += 1

    def _fetch(self, recipient: bytes) -> None:
        for _, envelope in self._mail(recipient):
            with self._store.transaction():
                self._store.carry(letter_of(envelope))
            self.report.fetched += 1


class _Threads:
    """Threads that only wait for the network, started when there is work for them."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> "_Threads":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, link: HttpLink, message: Send) -> Future[bytes]:
        """Begin to carry a message and return its answer to come."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(IN_FLIGHT)
        return self._pool.submit(link.exchange, message)


def _result(session: Session, message: Send, future: Future[bytes]) -> bytes | None:
    """Return the answer; None where a relay keeps the message."""
    try:
        return future.result()
    except Stored:
        return None
    except FieldKitError:
        session.lost(message)
        raise


def _not_certified(error: FieldKitError) -> bool:
    return isinstance(error, AccessError) and error.code == "transport.refused"


def _no_core(error: FieldKitError) -> bool:
    return error.details.get("reason") == _NO_CORE
