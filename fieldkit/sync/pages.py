"""The page: what changed for one laptop between two positions, packed and signed.

Wire. ``[header, key id, signature, body]``, where ``header`` and ``body`` are bytes:

    header = [1, province, epoch, incarnations, base, after, to, head, roster, count,
              SHA-256 of the body]
    body   = [frame, [[author, frame], …], [[author, frame], …]]
    frame  = zstd([layouts, names, ids, groups, mixed, move outs, verdicts, erased])

A page is of the device's whole scope for the positions beyond ``after`` up to ``to``;
its parts are whole states, which take the place of those held. Ordinary parts come in
groups of columns, the parts of one record side by side if one save wrote them (see
``page_groups``); the others one by one (see ``page_mixed``), where an entry that the
device is known to hold since ``base`` is only named. Free text lies in frames by author
(see ``page_rows``): first those of the groups, then those of
the others.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple

from fieldkit.causality import EPOCH_BYTES
from fieldkit.codec import decode, decode_packed, encode, encode_unchecked
from fieldkit.crypto.hashes import DIGEST_BYTES
from fieldkit.crypto.keys import FINGERPRINT_BYTES, SigningKey, VerifyKey
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import BadSignatureError, CodecError
from fieldkit.records import layout as layout_wire
from fieldkit.records.change import RECORD_ID_BYTES
from fieldkit.records.layout import Layout
from fieldkit.records.part import Part
from fieldkit.sync.envelope import key_id
from fieldkit.sync.frames import FRAME_BYTES_MAX, compress, decompress
from fieldkit.sync.page_groups import Ids, pack_groups, read_group
from fieldkit.sync.page_mixed import Mixed, pack_mixed, read_mixed
from fieldkit.sync.page_rows import AuthorFrames, Reader, Table
from fieldkit.sync.positions import Incarnations, read_incarnations
from fieldkit.sync.receipts import Verdict, read_run, run_to_wire
from fieldkit.sync.shape import are, is_bytes, is_version, is_whole
from fieldkit.sync.states import PartKey, PartState, is_class

PAGE_BYTES_MAX: Final = 16 << 20

_VERSION: Final = 1
_HEADER_BYTES_MAX: Final = 64 << 10
_LABEL: Final = "fieldkit/page/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHeader:
    """What a page says of itself, under the province's signature.

    Attributes:
        province: fingerprint of the province's root keys, 16 bytes.
        epoch: the device that it is made for.
        incarnations: the log that the positions lie in.
        base: the position whose state the device had applied when it asked; entries
            are only named if it held them then.
        after: the page is of the positions beyond this one,
        to: up to this one.
        head: the last position when the first page of this run was made; all pages up
            to it become visible together.
        roster: the roster version that the scope was taken from.
    """

    province: bytes
    epoch: bytes
    incarnations: Incarnations
    base: int
    after: int
    to: int
    head: int
    roster: int

    @property
    def more(self) -> bool:
        """Return whether another page follows before anything becomes visible."""
        return self.to < self.head


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """What a page holds.

    Attributes:
        states: every part in scope at ``to`` that changed or came into scope.
        layouts: every layout that their entries name.
        known: parts that were in the device's scope all the time since ``base``.
        move_outs: parts that the device must no longer hold.
        verdicts: what became of the device's own changes.
        erased: records that are erased for ever.
    """

    states: Sequence[PartState] = ()
    layouts: Mapping[bytes, Layout] = field(default_factory=dict)
    known: Collection[PartKey] = frozenset()
    move_outs: Sequence[PartKey] = ()
    verdicts: Sequence[Verdict] = ()
    erased: Sequence[bytes] = ()


class UnsignedPage(NamedTuple):
    """A packed page: ``sign_page`` makes it ready to be sealed."""

    header: bytes
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page whose signature and packing were found good.

    Attributes:
        header: what it is a page of.
        count: how many parts it brings.
        layouts: the layouts that its parts name, by id.
        move_outs: parts that must be removed.
        verdicts: what became of our own changes.
        erased: records that are erased for ever.
    """

    header: PageHeader
    count: int
    layouts: Mapping[bytes, Layout]
    move_outs: tuple[PartKey, ...]
    verdicts: tuple[Verdict, ...]
    erased: tuple[bytes, ...]
    _names: Sequence[bytes]
    _ids: Ids
    _groups: Sequence[Any]
    _frames: Any
    _mixed: Sequence[Mixed]

    def ordinary(self) -> Iterator[PartState]:
        """Yield the ordinary parts, thousands at a time, as a store keeps them.

        Raises:
            CodecError: not packed as ``pack_page`` packs.
        """
        reader = Reader(self._names, self._frames)
        layouts = list(self.layouts)
        for group in self._groups:
            try:
                yield from read_group(group, reader, self._ids, layouts)
            except _MALFORMED as error:
                raise CodecError("codec.shape", what="page group") from error

    def leans_on(self) -> tuple[PartKey, ...]:
        """Return the parts of which something held already is only named."""
        return tuple(mixed.home.key for mixed in self._mixed if mixed.is_short)

    def missing(self, held: Mapping[PartKey, Part]) -> tuple[PartKey, ...]:
        """Return the parts of which a named entry is not in ``held``."""
        return tuple(
            mixed.home.key
            for mixed in self._mixed
            if mixed.is_short and mixed.settle(held.get(mixed.home.key)) is None
        )

    def others(self, held: Mapping[PartKey, Part]) -> Iterator[PartState]:
        """Yield the other parts; what is only named is taken from ``held``.

        Raises:
            CodecError: something named is not held: ask ``missing`` first.
        """
        for mixed in self._mixed:
            state = mixed.settle(held.get(mixed.home.key))
            if state is None:
                raise CodecError("codec.shape", what="page entry")
            yield state

    def states(self, held: Mapping[PartKey, Part]) -> Iterator[PartState]:
        """Yield every part of the page."""
        yield from self.ordinary()
        yield from self.others(held)


_MALFORMED: Final = (TypeError, ValueError, IndexError, KeyError, StopIteration)


# --- Packing --------------------------------------------------------------------------


def pack_page(header: PageHeader, content: PageContent) -> UnsignedPage:
    """Return a page, packed but not signed."""
    body = _pack_body(header.base, content)
    wire = [
        _VERSION, header.province, header.epoch, list(map(list, header.incarnations)),
        header.base, header.after, header.to, header.head, header.roster,
        len(content.states), sha256(body).digest(),
    ]  # fmt: skip
    return UnsignedPage(encode(wire), body)


def sign_page(page: UnsignedPage, key: SigningKey) -> bytes:
    """Return the page's bytes, signed with a receipt key, ready to be sealed."""
    signature = sign(key, _LABEL, page.header)
    return encode_unchecked([page.header, key_id(key.verify_key), signature, page.body])


def _pack_body(base: int, content: PageContent) -> bytes:
    layouts, names, ids = Table(), Table(), Table()
    frames, mixed_frames = AuthorFrames(), AuthorFrames()
    tables = (layouts, names, ids)
    groups, rest = pack_groups(content.states, content.known, base, tables, frames)
    mixed = pack_mixed(rest, content.known, base, tables, mixed_frames)
    shared = [
        [layout_wire.to_wire(content.layouts[one]) for one in layouts.wire()],
        names.wire(),
        b"".join(ids.wire()),
        groups,
        mixed,
        [list(key) for key in content.move_outs],
        [[one.batch_hash, run_to_wire(one)] for one in content.verdicts],
        list(content.erased),
    ]
    frame = compress(encode_unchecked(shared))
    return encode_unchecked([frame, frames.wire(), mixed_frames.wire()])


# --- Opening --------------------------------------------------------------------------


def open_page(data: bytes, receipt_keys: Mapping[bytes, VerifyKey]) -> Page:
    """Return the page of its bytes.

    Args:
        data: what ``sign_page`` gave.
        receipt_keys: the keys that the roster certifies for this, by key id.

    Raises:
        BadSignatureError: not signed by one of the keys.
        CodecError: not a page.
    """
    match decode_packed(data, bytes_max=PAGE_BYTES_MAX):
        case [bytes(head), bytes(name), bytes(signature), bytes(body)]:
            _check_signature(head, name, signature, receipt_keys)
            return _read_page(head, body)
    raise CodecError("codec.shape", what="page")


def read_page_header(data: bytes) -> PageHeader:
    """Return the header of a page whose signature was checked before.

    Raises:
        CodecError: not a page.
    """
    match decode_packed(data, bytes_max=PAGE_BYTES_MAX):
        case [bytes(head), bytes(), bytes(), bytes()]:
            return _read_header(head)[0]
    raise CodecError("codec.shape", what="page")


def _check_signature(
    head: bytes, name: bytes, signature: bytes, keys: Mapping[bytes, VerifyKey]
) -> None:
    key = keys.get(name)
    if key is None:
        raise BadSignatureError("crypto.signature")
    verify(key, _LABEL, head, signature)


def _read_page(head: bytes, body: bytes) -> Page:
    header, count, body_hash = _read_header(head)
    if sha256(body).digest() != body_hash:
        raise BadSignatureError("crypto.signature")
    match decode_packed(body, bytes_max=PAGE_BYTES_MAX):
        case [bytes(frame), [*frames], [*mixed_frames]]:
            shared = decode_packed(decompress(frame), bytes_max=FRAME_BYTES_MAX)
        case _:
            raise CodecError("codec.shape", what="page body")
    match shared:
        case [
            [*layouts], [*names], bytes() as ids, [*groups], mixed, [*move_outs],
            [*verdicts], [*erased],
        ] if are(bytes, names):  # fmt: skip
            known = [layout_wire.from_wire(wire) for wire in layouts]
        case _:
            raise CodecError("codec.shape", what="page body")
    by_id = {layout.id: layout for layout in known}
    try:
        return Page(
            header=header,
            count=count,
            layouts=by_id,
            move_outs=tuple(map(_read_key, move_outs)),
            verdicts=tuple(map(_read_verdict, verdicts)),
            erased=tuple(map(_read_id, erased)),
            _names=names,
            _ids=Ids(ids),
            _groups=groups,
            _frames=frames,
            _mixed=read_mixed(
                mixed, Reader(names, mixed_frames), Ids(ids), list(by_id)
            ),
        )
    except _MALFORMED as error:
        raise CodecError("codec.shape", what="page body") from error


def _read_key(wire: Any) -> PartKey:
    record, number = wire
    if not is_class(number):
        raise CodecError("codec.shape", what="page move out")
    return _read_id(record), number


def _read_verdict(wire: Any) -> Verdict:
    batch_hash, run = wire
    if not is_bytes(batch_hash, DIGEST_BYTES):
        raise CodecError("codec.shape", what="verdict")
    return read_run(batch_hash, run)


def _read_id(wire: Any) -> bytes:
    if not is_bytes(wire, RECORD_ID_BYTES):
        raise CodecError("codec.shape", what="page id")
    return bytes(wire)


def _read_header(data: bytes) -> tuple[PageHeader, int, bytes]:
    match decode(data, bytes_max=_HEADER_BYTES_MAX):
        case [
            version, bytes() as province, bytes() as epoch, incarnations, base,
            after, to, head, roster, count, bytes() as body_hash,
        ] if (
            is_version(version, _VERSION)
            and is_whole(base, after, to, head, roster, count)
            and base <= after < to <= head
            and len(province) == FINGERPRINT_BYTES
            and len(epoch) == EPOCH_BYTES
            and len(body_hash) == DIGEST_BYTES
        ):  # fmt: skip
            header = PageHeader(
                province=province, epoch=epoch,
                incarnations=read_incarnations(incarnations), base=base, after=after,
                to=to, head=head, roster=roster,
            )  # fmt: skip
            return header, count, body_hash
    raise CodecError("codec.shape", what="page header")
