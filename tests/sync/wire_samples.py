"""Samples: pages and messages as the program writes them, with a bit of everything."""

from typing import Any

from fieldkit.causality import Dot, Stamp
from fieldkit.codec import decode_packed, encode
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import SigningKey
from fieldkit.crypto.sign import sign
from fieldkit.records.change import Change, Write, identify
from fieldkit.records.layout import Layout
from fieldkit.records.part import Entry, Part
from fieldkit.sync.batch import BATCH_LABEL, BatchHeader, cut
from fieldkit.sync.batch import to_wire as batch_to_wire
from fieldkit.sync.frames import decompress
from fieldkit.sync.messages import (
    Answer,
    DigestRequest,
    Digests,
    PageRequest,
    Reply,
    Request,
    SyncRequest,
)
from fieldkit.sync.pages import PageContent, PageHeader, pack_page, sign_page
from fieldkit.sync.receipts import Verdict
from fieldkit.sync.states import Home, PartKey, PartState, state_of

PROVINCE, EPOCH, PERSON = b"province of song", b"epoch of a lapto", b"person-a"
OTHER_EPOCH = b"epoch of another"
NONCE = b"nonce..8"
HASH = digest("test", b"hash")
KEY = SigningKey(digest("test", b"key"))
LIMIT = 1 << 20
NOW = 1_790_000_000_000

REQUESTS: dict[str, Request] = {
    "sync": SyncRequest(
        epoch=EPOCH, nonce=NONCE, incarnation=2, position=7, roster=3, batches=(HASH,)
    ),
    "page": PageRequest(epoch=EPOCH, nonce=NONCE, incarnation=2, base=3, after=5),
    "digest": DigestRequest(
        epoch=EPOCH, nonce=NONCE, first=bytes(16), last=b"\xff" * 16, detail=True
    ),
}
REPLIES: dict[str, Reply] = {
    "nothing new": Answer(
        province=PROVINCE, nonce=NONCE, incarnations=((1, 0), (2, 40)), head=90
    ),
    "answer": Answer(
        province=PROVINCE,
        nonce=NONCE,
        incarnations=((1, 0),),
        head=90,
        roster_entries=(b"entry",),
        receipt=b"receipt",
        documents=((HASH, b"form"),),
    ),
    "digests": Digests(
        province=PROVINCE,
        nonce=NONCE,
        position=90,
        digest=HASH,
        records=((EPOCH, HASH),),
    ),
}

PATHS = ("name", "born", "groups", "note", "weight")
PLAIN = Layout("person", 1, PATHS)
SECRET = Layout("person", 1, ("citizen_id",))
LAYOUTS = {layout.id: layout for layout in (PLAIN, SECRET)}
SAID = ("สมศรี", "2500-01-01", ["elderly"], "ข้อความ", 51.5)
HEADER = PageHeader(
    province=PROVINCE,
    epoch=EPOCH,
    incarnations=((1, 0), (2, 40)),
    base=10,
    after=10,
    to=50,
    head=90,
    roster=3,
)


def entry(number: int, at: int, layout: Layout, *values: object) -> Entry:
    """Return an entry; odd numbers are of one author, even ones of another."""
    epoch = EPOCH if number % 2 else OTHER_EPOCH
    dot = Dot(epoch, number, digest("tag", bytes([number]))[:8])
    head = (dot, PERSON, "volunteer", NOW + number, 3, None, at)
    return Entry(*head, layout.id, None, values)


def a_state(record: int, at: int, number: int, *entries: Entry) -> PartState:
    home = Home(
        bytes([record]) * 16, "person", bytes(16) if record > 1 else None, number
    )
    return state_of(home, at, Part(entries))


def the_states() -> tuple[list[PartState], dict[PartKey, Part]]:
    """Return states of every kind, and what the device holds of them."""
    states = [
        state
        for n in range(1, 5)
        for state in (
            a_state(n, 20, 0, entry(n, 20, PLAIN, *SAID)),
            a_state(n, 20, 1, entry(n, 20, SECRET, f"{n}" * 13)),
        )
    ]
    named, new = entry(5, 5, PLAIN, *SAID), entry(6, 30, SECRET, "7" * 13)
    held = {(b"\5" * 16, 0): Part((named,))}
    partly = named._replace(live=(1, 2, 3, 4))
    reasoned = new._replace(because="พิมพ์ผิด", live=(0,))
    marks = {Dot(OTHER_EPOCH, 9, HASH[:8]): frozenset({"name", "note"})}
    mixed = state_of(
        Home(b"\5" * 16, "person", None, 0), 30, Part((partly, reasoned), marks)
    )
    return [*states, mixed], held


STATES, HELD = the_states()
CONTENT = PageContent(
    states=STATES,
    layouts=LAYOUTS,
    known=HELD,
    move_outs=[(b"\6" * 16, 1)],
    verdicts=[Verdict(HASH, 0, 7, "quarantined", 12, "out_of_scope")],
    erased=[b"\7" * 16],
)
UNSIGNED = pack_page(HEADER, CONTENT)
PAGE = sign_page(UNSIGNED, KEY)


def body_items() -> list[Any]:
    """Return the body of ``PAGE``: its frame, and the frames of the authors."""
    items: list[Any] = decode_packed(UNSIGNED.body, bytes_max=LIMIT)
    return items


PAGE_FRAME = decompress(body_items()[0])
COLUMN = encode([9, b"\1\0\1", [6, 1, [5, 515, [1]]]])


# --- Batches ---

LAYOUT = Layout("person", 1, ("name", "age", "weight", "groups", "born"))
DOT = Dot(EPOCH, 1, HASH[:8])


def a_change(counter: int) -> Change:
    stamp = Stamp(EPOCH, counter, PERSON, "volunteer", 3, NOW + counter, 0, None)
    values = ("สมศรี", 60 + counter, 51.5, ["elderly", "disabled"], None)
    replaces = (DOT,) if counter > 3 else ()
    return Change(stamp, (Write(LAYOUT.id, None, replaces, values),))


def a_batch(count: int) -> bytes:
    saved = [a_change(counter) for counter in range(1, count + 1)]
    header = BatchHeader(
        province=PROVINCE,
        epoch=EPOCH,
        first=1,
        count=count,
        previous=bytes(32),
        roster=3,
    )
    hashes = [identify(change, HASH).hash for change in saved]
    batch = cut(header, saved, hashes, {LAYOUT.id: LAYOUT}, {0: HASH})
    return batch_to_wire(batch, sign(KEY, BATCH_LABEL, batch.hash))
