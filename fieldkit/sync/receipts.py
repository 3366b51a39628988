"""The receipt: what became of each change of a batch, signed by the province.

Wire. ``[body, key_id, signature]``, signed by a receipt key of the roster, where

    body  = [1, province, incarnations, [batch, …], [[epoch, batch_hash], …]]
    batch = [batch_hash, epoch, first, count, [run, …], duplicate]
    run   = [offset, count, disposition, position, reason]

Changes judged alike at consecutive positions are one run. The last list names the
batches that lie in every backup. A receipt names a batch by its hash, for two branches
of a cloned laptop share their counters: a laptop takes what it holds by that hash, and
nothing else. It only hastens what the pages bring anyway, under the same rule: a lower
position never overrides a higher one.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

from fieldkit.causality import EPOCH_BYTES
from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import DIGEST_BYTES
from fieldkit.crypto.keys import FINGERPRINT_BYTES, SigningKey, VerifyKey
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import BadSignatureError, CodecError, RemoteProtocolError
from fieldkit.sync.batch import CHANGES_MAX
from fieldkit.sync.envelope import key_id
from fieldkit.sync.positions import Incarnations, read_incarnations
from fieldkit.sync.shape import is_version, is_whole

FORKED: Final = "forked"
"""The reason of an applied change whose counter stood for another one already."""

Disposition = Literal["applied", "review", "quarantined", "erased"]

RECEIPT_BYTES_MAX: Final = 4 << 20
REASON_LENGTH_MAX: Final = 64

_VERSION: Final = 1
_SIGN: Final = "fieldkit/receipt/1"
_DISPOSITIONS: Final[Mapping[object, Disposition]] = {
    one: one for one in get_args(Disposition)
}


class Verdict(NamedTuple):
    """What became of a run of changes of one batch.

    Attributes:
        batch_hash: the batch they lie in, 32 bytes.
        offset: place of the first of them in the batch, from 0.
        count: how many follow each other.
        disposition: ``applied``, ``review``, ``quarantined`` or ``erased``.
        position: where the log has the first of them; the others follow.
        reason: the code of the reason, or an empty text.
    """

    batch_hash: bytes
    offset: int
    count: int  # type: ignore[assignment]  # in place of tuple.count
    disposition: Disposition
    position: int
    reason: str = ""


class Judged(NamedTuple):
    """What became of one change."""

    disposition: Disposition
    position: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReceipt:
    """What became of one batch; ``duplicate`` says it had come before."""

    hash: bytes
    epoch: bytes
    first: int
    count: int
    verdicts: tuple[Verdict, ...]
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the province says of some batches.

    Attributes:
        province: its fingerprint.
        incarnations: the log that the positions lie in.
        batches: what became of each batch.
        durable: epoch and hash of batches that lie in every backup.
    """

    province: bytes
    incarnations: Incarnations
    batches: tuple[BatchReceipt, ...] = ()
    durable: tuple[tuple[bytes, bytes], ...] = ()

    def verdicts(self, held: Container[bytes]) -> tuple[Verdict, ...]:
        """Return the verdicts on the batches that are ``held`` with that very hash."""
        ours = (batch for batch in self.batches if batch.hash in held)
        return tuple(verdict for batch in ours for verdict in batch.verdicts)


def supersedes(position: int, known: int | None) -> bool:
    """Return whether a verdict at ``position`` counts against one at ``known``."""
    return known is None or position >= known


def runs(batch_hash: bytes, judged: Iterable[Judged]) -> tuple[Verdict, ...]:
    """Return the verdicts on a batch's changes, given one by one, as few runs."""
    found: list[Verdict] = []
    for offset, one in enumerate(judged):
        last = found[-1] if found else None
        if last is not None and _continues(last, one):
            found[-1] = last._replace(count=last.count + 1)
        else:
            found.append(Verdict(batch_hash, offset, 1, *one))
    return tuple(found)


def each(verdict: Verdict) -> Iterable[tuple[int, Judged]]:
    """Yield offset and verdict of each change in a run."""
    _, start, count, disposition, position, reason = verdict
    for step in range(count):
        yield start + step, Judged(disposition, position + step, reason)


def _continues(last: Verdict, one: Judged) -> bool:
    alike = (last.disposition, last.reason) == (one.disposition, one.reason)
    return alike and last.position + last.count == one.position


# --- Bytes ----------------------------------------------------------------------------


def run_to_wire(verdict: Verdict) -> list[object]:
    """Return a verdict without its batch: ``[offset, count, disposition, …]``."""
    return list(verdict[1:])


def read_run(batch_hash: bytes, wire: object) -> Verdict:
    """Return the verdict of its decoded encoding; the inverse of ``run_to_wire``.

    Raises:
        CodecError: not a run.
    """
    match wire:
        case [int(offset), int(count), str(word), int(position), str(reason)] if (
            is_whole(offset, count, position)
            and 0 < count <= CHANGES_MAX
            and word in _DISPOSITIONS
            and len(reason) <= REASON_LENGTH_MAX
        ):
            kind = _DISPOSITIONS[word]
            return Verdict(batch_hash, offset, count, kind, position, reason)
    raise CodecError("codec.shape", what="verdict")


def sign_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    """Return the receipt's bytes, signed by a receipt key."""
    body = encode(
        [
            _VERSION,
            receipt.province,
            list(map(list, receipt.incarnations)),
            [_batch_items(batch) for batch in receipt.batches],
            list(map(list, receipt.durable)),
        ]
    )
    return encode([body, key_id(key.verify_key), sign(key, _SIGN, body)])


def open_receipt(
    data: bytes, province: bytes, receipt_keys: Mapping[bytes, VerifyKey]
) -> Receipt:
    """Return a receipt that this province signed.

    Raises:
        CodecError: not a receipt.
        BadSignatureError: not signed by one of ``receipt_keys``, or altered.
        RemoteProtocolError: of another province.
    """
    match decode(data, bytes_max=RECEIPT_BYTES_MAX):
        case [bytes() as body, bytes() as name, bytes() as signature]:
            key = receipt_keys.get(name)
        case _:
            raise CodecError("codec.shape", what="receipt")
    if key is None:
        raise BadSignatureError("crypto.signature")
    verify(key, _SIGN, body, signature)
    receipt = _read_body(body)
    if receipt.province != province:
        raise RemoteProtocolError("receipt.other_province")
    return receipt


def _batch_items(batch: BatchReceipt) -> list[object]:
    wire = [run_to_wire(verdict) for verdict in batch.verdicts]
    return [batch.hash, batch.epoch, batch.first, batch.count, wire, batch.duplicate]


def _read_body(body: bytes) -> Receipt:
    match decode(body, bytes_max=RECEIPT_BYTES_MAX):
        case [version, bytes() as province, log, [*batches], [*durable]] if (
            is_version(version) and len(province) == FINGERPRINT_BYTES
        ):
            return Receipt(
                province=province,
                incarnations=read_incarnations(log),
                batches=tuple(map(_read_batch, batches)),
                durable=tuple(map(_read_durable, durable)),
            )
    raise CodecError("codec.shape", what="receipt")


def _read_batch(wire: object) -> BatchReceipt:
    match wire:
        case [
            bytes() as batch_hash, bytes() as epoch, int(first), int(count),
            [*wires], bool(duplicate),
        ] if (
            _is_name(epoch, batch_hash)
            and is_whole(first, count)
            and first > 0
        ):  # fmt: skip
            verdicts = tuple(read_run(batch_hash, one) for one in wires)
            _check_runs(verdicts, count)
            return BatchReceipt(
                hash=batch_hash, epoch=epoch, first=first, count=count,
                verdicts=verdicts, duplicate=duplicate,
            )  # fmt: skip
    raise CodecError("codec.shape", what="receipt")


def _check_runs(verdicts: Iterable[Verdict], count: int) -> None:
    """Refuse runs that overlap, or that go beyond their batch."""
    end = 0
    for verdict in verdicts:
        if verdict.offset < end:
            raise CodecError("codec.shape", what="verdict")
        end = verdict.offset + verdict.count
    if end > count:
        raise CodecError("codec.shape", what="verdict")


def _read_durable(wire: object) -> tuple[bytes, bytes]:
    match wire:
        case [bytes() as epoch, bytes() as batch_hash] if _is_name(epoch, batch_hash):
            return epoch, batch_hash
    raise CodecError("codec.shape", what="receipt")


def _is_name(epoch: bytes, batch_hash: bytes) -> bool:
    return len(epoch) == EPOCH_BYTES and len(batch_hash) == DIGEST_BYTES
