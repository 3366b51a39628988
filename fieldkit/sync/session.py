"""The session: one sync of a laptop, given bytes and giving bytes, with no network.

Theory of operation. A session asks what is new (roster, forms, receipts), hands out
what was saved here, then fetches pages until the province's head. Whoever carries the
bytes (HTTP, a hub, a stick) drives it:

    session.cut()                                   # what was saved becomes envelopes
    while message := session.next_message():
        answer = link.exchange(message)             # anything may be lost here,
        session.receive(message, answer)            # and is then said again

Nothing is believed before a signature of the province was checked. Pages wait until all
up to one head are here; then parts, verdicts and cursor change in one transaction. What
breaks off leaves the replica as it was, and the next session goes on.

A page counts only if it continues what is here: ``after <= reached < to``. A page or
receipt of a log that the province has left is ignored. On meeting a new log the laptop
goes back to the last position that both share, forgets the verdicts beyond it, so that
those saves are sent again, and holds its copy in doubt until digests agree.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from fieldkit.collector import resting
from fieldkit.crypto.seal import Hpke
from fieldkit.errors import CodecError, LocalProtocolError, RemoteProtocolError
from fieldkit.ports import Sealer
from fieldkit.sync.applying import GAP
from fieldkit.sync.asking import Asker, DeviceKeys, Send, What, envelope_of
from fieldkit.sync.cutting import Author, cut_one
from fieldkit.sync.envelope import Kind, open_envelope, seal_envelope
from fieldkit.sync.messages import NONCE_BYTES, Answer, Digests, SignedReply, read_reply
from fieldkit.sync.page_run import PageRun
from fieldkit.sync.pages import PageHeader, open_page
from fieldkit.sync.positions import Cursor, Incarnations, is_dead, shared_position
from fieldkit.sync.receipts import open_receipt
from fieldkit.sync.repair import repair
from fieldkit.sync.replica import Outgoing, Replica
from fieldkit.sync.roster import Roster, fold

_SEALED: Final = b"\x84"
"""How an envelope begins, an array of four; a bare reply is one of three."""


class Session:
    """One sync of one replica.

    Attributes:
        roster: the roster as far as it is known now.
        head: the province's last position as far as it is known.
        pages: the run of pages that is being fetched.
    """

    def __init__(
        self,
        replica: Replica,
        keys: DeviceKeys,
        roster: Roster,
        *,
        sealer: Sealer | None = None,
        relay_only: bool = False,
    ) -> None:
        """Begin a sync.

        Args:
            replica: the laptop's work.
            keys: what it signs and opens with.
            roster: the fold of the entries in ``replica``.
            sealer: what seals; the simulator leaves the sealing out.
            relay_only: nobody answers on the other side: only hand in what was saved.
        """
        self.roster = roster
        self.head = 0
        self._replica = replica
        self._keys = keys
        self._sealer = sealer or Hpke()
        self._asker = Asker(replica=replica, keys=keys)
        self._relay_only = relay_only
        self._asked = self._at_end = relay_only
        self._whole = False
        self._detail: bool | None = False
        self._queue: list[Outgoing] | None = None
        self._sent: set[bytes] = set()
        self._open: dict[bytes, Send] = {}
        self.pages = PageRun(replica)

    @property
    def applied(self) -> int:
        """How many parts became visible."""
        return self.pages.applied

    # --- Up ---

    def cut_next(self) -> bool:
        """Cut the oldest saves into one batch; return False if there were none."""
        with resting(), self._replica.transaction():
            batch = cut_one(self._author())
        self._queue = None
        return batch is not None

    def cut(self) -> list[Outgoing]:
        """Cut what was saved since into sealed batches, and return those new ones."""
        author = self._author()
        with resting(), self._replica.transaction():
            new = list(iter(lambda: cut_one(author), None))
        self._queue = None
        return new

    def _author(self) -> Author:
        return Author(
            replica=self._replica, signing=self._keys.signing, roster=self.roster,
            sealer=self._sealer,
        )  # fmt: skip

    def stored(self, message: Send) -> None:
        """Note that a relay keeps an envelope; nothing else follows from that."""
        self._open.pop(message.name, None)
        with self._replica.transaction():
            self._replica.set_travel(message.batch, "stored")

    def lost(self, message: Send) -> None:
        """Note that no answer will come; the message will be handed out again."""
        self._open.pop(message.name, None)
        self._sent.discard(message.name)
        self._queue = None

    def ask(self) -> bytes:
        """Return the question of what is new, sealed, for a courier to carry."""
        question = self._asker.sync(self.roster.version).data
        return seal_envelope(Kind.ASK, question, self.roster.sealing, self._sealer)

    # --- What to send ---

    def next_message(self) -> Send | None:
        """Return what to send next; None while answers are awaited, or at the end.

        Envelopes may be handed out while others are under way, everything else waits
        for the answer before. Ask ``is_done`` to tell the two ends apart.
        """
        what = self._next()
        message = self._make(what) if what else None
        if message:
            self._open[message.name] = message
        return message

    def next_question(self) -> Send | None:
        """Return the question that begins a session; None if it was asked."""
        return None if self._asked else self.next_message()

    @property
    def has_unsent(self) -> bool:
        """Whether a batch lies here that was not handed out."""
        return bool(self._unsent())

    @property
    def is_done(self) -> bool:
        """Return whether nothing is left to send or to wait for."""
        return not self._open and self._next() is None

    def _next(self) -> What | None:
        if any(message.what != "envelope" for message in self._open.values()):
            return None
        if not self._asked:
            return "sync"
        if self._unsent():
            return "envelope"
        if self._open or self._relay_only:
            return None
        if not self._at_end and self.pages.reached < self.head:
            return "page"
        doubted = self._detail is not None and self._replica.in_doubt()
        return "digest" if doubted else None

    def _make(self, what: What) -> Send:
        version = self.roster.version
        if what == "sync":
            return self._asker.sync(version)
        if what == "page":
            return self._asker.page(self.pages.last, version, whole=self._whole)
        if what == "digest":
            return self._asker.digest(detail=bool(self._detail))
        batch = self._unsent().pop(0)
        self._sent.add(batch.envelope_id)
        return envelope_of(batch)

    def _unsent(self) -> list[Outgoing]:
        """Return the batches to hand in; to a relay, only those that none has yet."""
        if self._queue is None:
            self._queue = [
                batch
                for batch in self._replica.outgoing()
                if batch.envelope_id not in self._sent
                and not (self._relay_only and batch.state == "stored")
            ]
        return self._queue

    # --- What comes back ---

    def receive(self, message: Send, data: bytes) -> None:
        """Take the answer to ``message`` in; on any error nothing was applied.

        Raises:
            LocalProtocolError: nobody asked for this.
            RemoteProtocolError: not an answer, or one that must not be.
            BadSignatureError: not signed by the province.
            AccessError: the roster was forked or rolled back.
        """
        if self._open.pop(message.name, None) is None:
            raise LocalProtocolError("sync.not_asked")
        try:
            if message.what == "page":
                self._receive_page(data)
            else:
                self._receive_reply(message, data)
        except CodecError as error:
            raise RemoteProtocolError("sync.not_an_answer") from error

    def receive_mail(self, envelope: bytes) -> None:
        """Take in a page or an answer that a courier brought, in any order.

        Raises:
            NotARecipientError: to another laptop.
            RemoteProtocolError, BadSignatureError, AccessError: see ``receive``.
        """
        kind, plain = open_envelope(envelope, self._keys.opening, self._sealer)
        if kind == Kind.PAGE:
            return self.take_page(plain)
        if kind != Kind.ANSWER:
            raise RemoteProtocolError("envelope.kind", kind=kind)
        return self.take_reply(read_reply(plain))

    def _receive_page(self, data: bytes) -> None:
        if not data:
            self._at_end = True
            return
        kind, plain = open_envelope(data, self._keys.opening, self._sealer)
        if kind != Kind.PAGE:
            raise RemoteProtocolError("envelope.kind", kind=kind)
        before = self.pages.reached
        self.take_page(plain)
        self._at_end = self.pages.reached <= before and not self._whole

    def _receive_reply(self, message: Send, data: bytes) -> None:
        if data[:1] == _SEALED:
            _, data = open_envelope(data, self._keys.opening, self._sealer)
        signed = read_reply(data)
        is_new = signed.reply.nonce == message.name[:NONCE_BYTES]
        if not is_new and message.what != "envelope":
            raise RemoteProtocolError("sync.not_an_answer")
        self.take_reply(signed, is_new=is_new)
        if message.what == "sync":
            self._asked, self._queue = True, None

    def take_reply(self, signed: SignedReply, *, is_new: bool = False) -> None:
        """Take in a reply; ``is_new`` says that it answers what was asked just now.

        Raises:
            RemoteProtocolError, BadSignatureError, AccessError: see ``receive``.
        """
        reply = signed.reply
        entries = reply.roster_entries if isinstance(reply, Answer) else ()
        roster = fold(self.roster, entries[self._overlap(entries) :])
        signed.check(roster.receipt_keys)
        self._check_province(reply.province)
        with self._replica.transaction():
            if isinstance(reply, Answer):
                self._take_answer(reply, roster, is_new=is_new)
            elif is_new:
                self._take_digests(reply)

    def _overlap(self, entries: Sequence[bytes]) -> int:
        """Return how many of the entries lie here already: answers may cross."""
        known = set(self._replica.roster_entries())
        return sum(entry in known for entry in entries)

    def _take_answer(self, answer: Answer, roster: Roster, *, is_new: bool) -> None:
        if not self._follows(answer.incarnations, is_new=is_new):
            return
        if is_new and answer.head < self._replica.cursor().position:
            raise RemoteProtocolError("sync.log_shrank")
        new = roster.version - self.roster.version
        if new:
            self._replica.add_roster_entries(answer.roster_entries[-new:])
        self._take_documents(answer.documents, roster)
        if answer.receipt is not None:
            self._take_receipt(answer.receipt, roster)
        self.roster = roster
        if answer.head > self.head:
            self.head, self._at_end = answer.head, False

    def _take_documents(
        self, documents: Iterable[tuple[bytes, bytes]], roster: Roster
    ) -> None:
        named = {*roster.forms.values(), *roster.lists.values()}
        for name, text in documents:
            if name in named:
                self._replica.add_form(name, text)

    def _take_receipt(self, data: bytes, roster: Roster) -> None:
        receipt = open_receipt(data, roster.fingerprint, roster.receipt_keys)
        if receipt.incarnations != self._replica.cursor().incarnations:
            return
        held = {batch.hash for batch in receipt.batches}
        self._replica.take_verdicts(receipt.verdicts(held))
        self._replica.set_durable(batch_hash for _, batch_hash in receipt.durable)

    def _check_province(self, fingerprint: bytes) -> None:
        if fingerprint != self.roster.fingerprint:
            raise RemoteProtocolError("receipt.other_province")

    # --- Another log ---

    def _follows(self, theirs: Incarnations, *, is_new: bool = False) -> bool:
        """Return whether the log is ours, having gone over to it if it is newer.

        A log that was left may still be on the way in some courier's bag; as the
        answer to what was asked just now it is an alarm.
        """
        cursor = self._replica.cursor()
        if is_dead(cursor.incarnations, theirs):
            if is_new:
                raise RemoteProtocolError("sync.log_shrank")
            return False
        if theirs != cursor.incarnations:
            self._go_over(cursor, theirs)
        return True

    def _go_over(self, cursor: Cursor, theirs: Incarnations) -> None:
        shared = shared_position(cursor.incarnations, theirs)
        if cursor.incarnations and shared is not None:
            self._replica.forget_beyond(shared)
            self._replica.set_in_doubt(in_doubt=True)
            self._replica.clear_staged()
            cursor = cursor._replace(position=min(cursor.position, shared))
        self._replica.set_cursor(Cursor(theirs, cursor.position))
        self._sent.clear()
        self._queue = None
        self.pages.forget()
        self.head = 0

    # --- Down ---

    def take_page(self, data: bytes) -> None:
        """Take in an opened page: stage it, and apply all if it is the last of a run.

        Raises:
            RemoteProtocolError: of another province or device, or of a forked log.
            BadSignatureError: not signed by the province.
            CodecError: not a page.
        """
        page = open_page(data, self.roster.receipt_keys)
        header = page.header
        self._check_province(header.province)
        if header.epoch != self._keys.epoch:
            raise RemoteProtocolError("sync.other_device")
        try:
            with self._replica.transaction():
                if self._follows(header.incarnations) and self.continues(header):
                    self.head = max(self.head, header.head)
                    self.pages.take(data, page, self.roster.receipt_keys)
                    self._whole = self._whole and header.more
        except RemoteProtocolError as error:
            if error.code != GAP or self.pages.at_once:
                raise
            self._ask_whole()

    def continues(self, header: PageHeader) -> bool:
        """Return whether a page goes on from what is here: see ``PageRun``."""
        return self.pages.continues(header)

    def _ask_whole(self) -> None:
        """Begin the run again, with nothing only named."""
        with self._replica.transaction():
            self.pages.clear()
        self._whole, self._at_end = True, False

    # --- Agreement ---

    def _take_digests(self, digests: Digests) -> None:
        """Compare with what is held; the next session asks again, until both agree."""
        cursor = self._replica.cursor()
        if digests.position != cursor.position:
            self.head, self._at_end = max(self.head, digests.position), False
        elif digests.digest == self._replica.digest():
            self._replica.set_in_doubt(in_doubt=False)
        elif not self._detail:
            self._detail = True
        else:
            repair(self._replica, digests, cursor)
            self.head, self._at_end, self._whole = cursor.position, False, True
            self.pages.forget()
            self._detail = None
