"""The relay: keeps sealed bytes for others, and holds no key to any of them.

It faces the network. An envelope arrives whole or in parts, at any pace, and is known
by its SHA-256: what does not give that hash is thrown away. Whole ones wait for the
core; answers wait in mailboxes for couriers. Strangers cannot fill the disk: parts of
unfinished envelopes give way to newer ones (whoever sent them begins again), and when
there is no room for a whole one it is not taken (whoever sent it keeps it).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from fieldkit.codec import decode, encode
from fieldkit.errors import CodecError, RemoteProtocolError, StoreError
from fieldkit.sync.envelope import ENVELOPE_ID_BYTES, envelope_id, peek
from sync_server.storage.contract import MailRow, Storage

ANSWER_BYTES_MAX: Final = 4 << 20
_PARTS: Final = "relay.parts"
_WAITING: Final = "relay.waiting"
_NOTE_BYTES_MAX: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How much the relay keeps."""

    envelope_bytes_max: int = 16 << 20
    parts_bytes_max: int = 256 << 20
    waiting_bytes_max: int = 1 << 30
    mail_max: int = 256


class Progress(NamedTuple):
    """How much of an envelope has come."""

    received: int
    total: int

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is missing."""
        return 0 < self.total == self.received


class Relay:
    """Envelopes and mailboxes over a storage. One writer at a time."""

    def __init__(self, storage: Storage, quotas: Quotas | None = None) -> None:
        self._storage = storage
        self._quotas = quotas or Quotas()

    # --- Envelopes on their way in ---

    def progress(self, name: bytes) -> Progress:
        """Return how much of an envelope has come; nothing of an unknown one."""
        found = self._storage.envelope(_checked(name))
        return Progress(len(found[0]), found[1]) if found else Progress(0, 0)

    def put_part(self, name: bytes, offset: int, total: int, part: bytes) -> Progress:
        """Take bytes of an envelope from ``offset`` on; those it has are passed over.

        Raises:
            RemoteProtocolError: bytes before ``offset`` are missing, or the whole is
                not what its name says; then it begins again.
            StoreError: no room.
        """
        self._check_size(total)
        found = self._storage.envelope(_checked(name))
        have, size = found or (b"", total)
        if size != total or offset + len(part) > total:
            raise RemoteProtocolError("envelope.size", total=size)
        if offset > len(have):
            raise RemoteProtocolError("envelope.gap", received=len(have))
        data = have + part[len(have) - offset :]
        if len(data) == total:
            return self._finish(name, data)
        with self._storage.transaction():
            self._reserve(name, total)
            self._storage.keep_envelope(name, data, len(data), total)
        return Progress(len(data), total)

    def _finish(self, name: bytes, data: bytes) -> Progress:
        if sha256(data).digest() != name:
            self.drop(name)
            raise RemoteProtocolError("envelope.hash")
        self.keep(data)
        return Progress(len(data), len(data))

    def keep(self, envelope: bytes) -> bytes:
        """Keep a whole envelope for the core; return its id. Twice is once.

        Raises:
            CodecError: not an envelope.
            StoreError: no room; whoever sent it keeps it and tries again.
        """
        self._check_size(len(envelope))
        peek(envelope)
        name = envelope_id(envelope)
        if self.progress(name).is_whole:
            return name
        waiting = self._waiting() + len(envelope)
        if waiting > self._quotas.waiting_bytes_max:
            raise StoreError("relay.full")
        with self._storage.transaction():
            self._forget_part(name)
            self._storage.keep_envelope(name, envelope, len(envelope), len(envelope))
            self._set_waiting(waiting)
        return name

    def whole(self, name: bytes) -> bytes | None:
        """Return an envelope that has come wholly, or None."""
        found = self._storage.envelope(_checked(name))
        return found[0] if found and len(found[0]) == found[1] else None

    def waiting(self, count_max: int = 16) -> list[tuple[bytes, bytes]]:
        """Return whole envelopes that wait for the core: (id, bytes), oldest first."""
        return self._storage.envelopes(count_max)

    def drop(self, name: bytes) -> None:
        """Forget an envelope that the core has taken, or that nobody can use."""
        whole = self.whole(name)
        with self._storage.transaction():
            self._forget_part(name)
            self._storage.drop_envelope(name)
            if whole is not None:
                self._set_waiting(max(0, self._waiting() - len(whole)))

    # --- Mailboxes ---

    def post(self, key_id: bytes, envelope: bytes) -> None:
        """Leave an envelope for the holder of a key; the oldest give way."""
        with self._storage.transaction():
            self._storage.post(key_id, envelope)
            mail = self._storage.mail(key_id)
            beyond = len(mail) - self._quotas.mail_max
            if beyond > 0:
                self._storage.drop_mail(key_id, mail[beyond - 1].number)

    def mail(self, key_id: bytes, after: int = 0) -> list[MailRow]:
        """Return a mailbox beyond a number, as much as one answer holds."""
        found: list[MailRow] = []
        room = ANSWER_BYTES_MAX
        for row in self._storage.mail(key_id, after):
            room -= len(row.envelope)
            if found and room < 0:
                break
            found.append(row)
        return found

    # --- Room ---

    def _check_size(self, total: int) -> None:
        if not 0 < total <= self._quotas.envelope_bytes_max:
            most = self._quotas.envelope_bytes_max
            raise CodecError("codec.limit", bytes=total, bytes_max=most)

    def _waiting(self) -> int:
        return int.from_bytes(self._storage.get(_WAITING) or b"")

    def _set_waiting(self, count: int) -> None:
        self._storage.put(_WAITING, count.to_bytes(8))

    def _reserve(self, name: bytes, total: int) -> None:
        """Make room for an unfinished envelope; the oldest unfinished give way."""
        with self._parts() as parts:
            parts.setdefault(name, total)
            while sum(parts.values()) > self._quotas.parts_bytes_max and len(parts) > 1:
                oldest = next(one for one in parts if one != name)
                del parts[oldest]
                self._storage.drop_envelope(oldest)

    def _forget_part(self, name: bytes) -> None:
        with self._parts() as parts:
            parts.pop(name, None)

    @contextmanager
    def _parts(self) -> Iterator[dict[bytes, int]]:
        """Give the sizes of unfinished envelopes, oldest first; kept if changed."""
        kept = self._storage.get(_PARTS) or encode([])
        parts = dict(decode(kept, bytes_max=_NOTE_BYTES_MAX))
        yield parts
        after = encode([[name, total] for name, total in parts.items()])
        if after != kept:
            self._storage.put(_PARTS, after)


def _checked(name: bytes) -> bytes:
    if len(name) != ENVELOPE_ID_BYTES:
        raise RemoteProtocolError("envelope.name")
    return name
