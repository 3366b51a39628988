"""Asking: the requests of a sync, made of where a replica stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from fieldkit.crypto.keys import Identity, SigningKey
from fieldkit.crypto.randomness import SYSTEM
from fieldkit.ports import Random
from fieldkit.sync.messages import (
    NONCE_BYTES,
    WAITING_MAX,
    DigestRequest,
    PageRequest,
    Request,
    SyncRequest,
    forms_digest,
    sign_request,
)
from fieldkit.sync.pages import PageHeader
from fieldkit.sync.repair import FIRST_ID, LAST_ID
from fieldkit.sync.replica import Outgoing, Replica

What = Literal["sync", "envelope", "page", "digest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKeys:
    """What this laptop signs and opens with.

    Attributes:
        epoch: the one it saves in now.
        signing: the signing key of each of its epochs, by epoch.
        opening: the keys that open what is sealed to it, by key id.
        random: chance for what makes each request another one.
    """

    epoch: bytes
    signing: Mapping[bytes, SigningKey] = field(repr=False)
    opening: Mapping[bytes, Identity] = field(repr=False)
    random: Random = SYSTEM


class Send(NamedTuple):
    """Something to carry to the province.

    Attributes:
        what: ``sync``, ``page`` and ``digest`` are signed requests, ``envelope`` is
            a sealed batch.
        data: the bytes.
        name: an envelope's id, or the nonce of a request.
        batch: the hash of the batch in an envelope.
    """

    what: What
    data: bytes
    name: bytes
    batch: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Makes a device's requests."""

    replica: Replica
    keys: DeviceKeys

    def sync(self, roster: int) -> Send:
        """Return the question of what is new, and what became of our batches."""
        cursor, nonce = self.replica.cursor(), self._nonce()
        waiting = self.replica.outgoing()[:WAITING_MAX]
        request = SyncRequest(
            epoch=self.keys.epoch,
            nonce=nonce,
            incarnation=cursor.incarnation,
            position=cursor.position,
            roster=roster,
            batches=tuple([batch.hash for batch in waiting]),
            forms=forms_digest(self.replica.form_texts()),
        )
        return self._send("sync", request, nonce)

    def page(self, last: PageHeader | None, roster: int, *, whole: bool) -> Send:
        """Return the question for the page after ``last``, or for a first one.

        Args:
            last: the last page that is staged.
            roster: the roster version known.
            whole: whether every entry must be sent whole, none only named.
        """
        cursor, nonce = self.replica.cursor(), self._nonce()
        request = PageRequest(
            epoch=self.keys.epoch,
            nonce=nonce,
            incarnation=cursor.incarnation,
            base=0 if whole else cursor.position,
            after=last.to if last else cursor.position,
            head=last.head if last else 0,
            roster=roster,
        )
        return self._send("page", request, nonce)

    def digest(self, *, detail: bool) -> Send:
        """Return the question whether the province holds the same."""
        nonce = self._nonce()
        request = DigestRequest(
            epoch=self.keys.epoch, nonce=nonce, first=FIRST_ID, last=LAST_ID,
            detail=detail,
        )  # fmt: skip
        return self._send("digest", request, nonce)

    def _nonce(self) -> bytes:
        return self.keys.random.bytes(NONCE_BYTES)

    def _send(self, what: What, request: Request, nonce: bytes) -> Send:
        key = self.keys.signing[self.keys.epoch]
        return Send(what, sign_request(request, key), nonce)


def envelope_of(batch: Outgoing) -> Send:
    """Return the sealed batch, ready to be carried."""
    return Send("envelope", batch.envelope, batch.envelope_id, batch.hash)
