"""The cases of pages and messages, for ``make_wire_vectors``."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from fieldkit.causality import Dot
from fieldkit.codec import decode, encode
from fieldkit.crypto.keys import SigningKey
from fieldkit.crypto.sign import sign
from fieldkit.records.layout import Layout
from fieldkit.records.part import Entry, Part
from fieldkit.sync.envelope import key_id
from fieldkit.sync.messages import (
    Answer,
    DigestRequest,
    Digests,
    PageRequest,
    Reply,
    Request,
    SyncRequest,
    sign_reply,
    sign_request,
)
from fieldkit.sync.pages import (
    PageContent,
    PageHeader,
    UnsignedPage,
    pack_page,
    sign_page,
)
from fieldkit.sync.receipts import Verdict
from fieldkit.sync.roster import Roster, fold
from fieldkit.sync.states import Home, PartKey, PartState, state_of
from tests.vectors.make_vectors import Case, case, flip, seed

NOW = 1_790_000_000_000
LIMIT = 1 << 20
RECEIPTS, STRANGER = SigningKey(seed("receipts")), SigningKey(seed("stranger"))
DEVICE, EPOCH, OTHER_EPOCH = (
    SigningKey(seed("device")),
    seed("epoch", 16),
    seed("another", 16),
)
PERSON, NONCE, BATCH = seed("person", 8), seed("nonce", 8), seed("batch")
RECORDS = [seed(f"record {n}", 16) for n in range(5)]
PLAIN = Layout("person", 1, ("name", "born", "groups", "note", "weight"))
SECRET = Layout("person", 1, ("citizen_id",))
BAD, SHAPE = "crypto.signature", "codec.shape"
Rows = list[tuple[str, str, bytes]]


def _fingerprint(roster: bytes) -> bytes:
    return fold(Roster.empty(), [roster]).fingerprint


# --- Pages ----------------------------------------------------------------------------


def page_cases(roster: bytes) -> list[Case]:
    """Return pages that a laptop takes in, and those that it does not."""
    states, held = _states()
    header = PageHeader(
        province=_fingerprint(roster),
        epoch=EPOCH,
        incarnations=((1, 0), (3, 40)),
        base=10,
        after=10,
        to=50,
        head=50,
        roster=1,
    )
    content = PageContent(
        states=states,
        layouts={layout.id: layout for layout in (PLAIN, SECRET)},
        known=held,
        move_outs=[(RECORDS[4], 1)],
        verdicts=[Verdict(BATCH, 0, 7, "quarantined", 12, "out_of_scope")],
        erased=[seed("erased", 16)],
    )
    whole, empty = pack_page(header, content), pack_page(header, PageContent())
    return [
        case(
            name,
            "page",
            expect,
            page=data,
            roster=[roster.hex()],
            epoch=EPOCH,
            **(_content(content, header, held) if data == _signed(whole) else {}),
        )
        for name, expect, data in _page_rows(whole, empty, header, content)
    ]


def _page_rows(
    whole: UnsignedPage, empty: UnsignedPage, header: PageHeader, content: PageContent
) -> Rows:
    foreign = replace(header, province=bytes(16))
    other = replace(header, epoch=OTHER_EPOCH)
    backwards = replace(header, after=50)
    data = _signed(whole)
    return [
        ("every kind of part", "success", data),
        ("with nothing in it", "success", _signed(empty)),
        ("signed by a stranger", BAD, sign_page(whole, STRANGER)),
        ("the signature of another page", BAD, _swap(data, 2, _signed(empty))),
        ("the body of another page", BAD, _swap(data, 3, _signed(empty))),
        ("a body altered", BAD, flip(data, -20)),
        ("a header altered", BAD, flip(data, 20)),
        (
            "of another province",
            "receipt.other_province",
            _signed(pack_page(foreign, content)),
        ),
        ("to another laptop", "sync.other_device", _signed(pack_page(other, content))),
        ("that runs backwards", SHAPE, _signed(pack_page(backwards, content))),
        ("of an unknown version", SHAPE, _signed(_with(whole, 0, 2))),
        ("true for the version", SHAPE, _signed(_with(whole, 0, True))),
        ("1.0 for the version", SHAPE, _signed(_with(whole, 0, 1.0))),
        ("true for the roster", SHAPE, _signed(_with(whole, 8, True))),
        ("truncated", "codec.malformed", data[:-1]),
        ("a body that is no body", SHAPE, _signed(_with_body(whole, encode([])))),
    ]


def _signed(page: UnsignedPage) -> bytes:
    return sign_page(page, RECEIPTS)


def _swap(data: bytes, place: int, other: bytes) -> bytes:
    items, others = decode(data, bytes_max=LIMIT), decode(other, bytes_max=LIMIT)
    items[place] = others[place]
    return encode(items)


def _with(page: UnsignedPage, place: int, item: object) -> UnsignedPage:
    items = decode(page.header, bytes_max=LIMIT)
    items[place] = item
    return UnsignedPage(encode(items), page.body)


def _with_body(page: UnsignedPage, body: bytes) -> UnsignedPage:
    return _with(UnsignedPage(page.header, body), 10, sha256(body).digest())


def _content(
    content: PageContent, header: PageHeader, held: dict[PartKey, Part]
) -> dict[str, Any]:
    """Return what comes out, as it is written down."""
    named = [
        state_of(Home(record, "person", None, number), header.base, part)
        for (record, number), part in held.items()
    ]
    return {
        "held": [state_to_json(state) for state in named],
        "states": [state_to_json(state) for state in sorted(content.states)],
        "move_outs": [[record.hex(), number] for record, number in content.move_outs],
        "verdicts": [[one[0].hex(), *one[1:]] for one in content.verdicts],
        "erased": [record.hex() for record in content.erased],
    }


def state_to_json(state: PartState) -> list[Any]:
    """Return a state's fields; bytes as hex."""
    return [one.hex() if isinstance(one, bytes) else one for one in state]


def _states() -> tuple[list[PartState], dict[PartKey, Part]]:
    """Return states of every kind, and what the laptop holds of them already."""
    said = ("สมศรี", "2500-01-01", ["elderly"], "พูดไม่ชัด", 51.5)
    states = [
        state_of(
            Home(record, "person", RECORDS[0] if n else None, number), 20 + n, part
        )
        for n, record in enumerate(RECORDS[:4])
        for number, part in (
            (
                0,
                Part(
                    (_entry(n + 1, 20 + n, PLAIN, *said[:3], f"{n} {said[3]}", 51.5),)
                ),
            ),
            (1, Part((_entry(n + 1, 20 + n, SECRET, f"{n}" * 13),))),
        )
    ]
    named, new = _entry(5, 5, PLAIN, *said), _entry(6, 30, PLAIN, "สมสี", *said[1:])
    held = {(RECORDS[4], 0): Part((named,))}
    now = Part(
        (
            named._replace(live=(1, 2, 3, 4)),
            new._replace(because="พิมพ์ผิด", live=(0,)),
        ),
        {Dot(OTHER_EPOCH, 9, seed("tag", 8)): frozenset({"name", "note"})},
    )
    return [*states, state_of(Home(RECORDS[4], "person", None, 0), 30, now)], held


def _entry(number: int, at: int, layout: Layout, *values: object) -> Entry:
    dot = Dot(EPOCH if number % 2 else OTHER_EPOCH, number, seed(f"tag {number}", 8))
    head = (dot, PERSON, "volunteer", NOW + number, 3, None, at)
    return Entry(*head, layout.id, None, values)


# --- Messages -------------------------------------------------------------------------


def message_cases(roster: bytes) -> list[Case]:
    """Return requests and replies that are believed, and those that are not."""
    return [
        case(
            name,
            "request",
            expect,
            request=data,
            verify_key=DEVICE.verify_key.raw,
            signing_key=seed("device"),
        )
        for name, expect, data in _request_rows()
    ] + [
        case(
            name,
            "reply",
            expect,
            reply=data,
            roster=[roster.hex()],
            signing_key=seed("receipts"),
        )
        for name, expect, data in _reply_rows(_fingerprint(roster))
    ]


def _request_rows() -> Rows:
    requests: dict[str, Request] = {
        "what is new": SyncRequest(
            epoch=EPOCH,
            nonce=NONCE,
            incarnation=3,
            position=50,
            roster=1,
            batches=(BATCH,),
            forms=seed("forms", 8),
        ),
        "the next page": PageRequest(
            epoch=EPOCH, nonce=NONCE, incarnation=3, base=10, after=30, head=50
        ),
        "do we agree": DigestRequest(
            epoch=EPOCH, nonce=NONCE, first=bytes(16), last=b"\xff" * 16, detail=True
        ),
    }
    good = {name: sign_request(one, DEVICE) for name, one in requests.items()}
    data, page, agree = good.values()
    return [
        *((name, "success", one) for name, one in good.items()),
        (
            "signed by another laptop",
            BAD,
            sign_request(requests["what is new"], STRANGER),
        ),
        ("a signature of another request", BAD, _swap(data, 1, page)),
        ("a body altered", BAD, flip(data, 30)),
        ("an unknown version", SHAPE, _request(data, 0, 2)),
        ("true for the version", SHAPE, _request(data, 0, True)),
        ("1.0 for the version", SHAPE, _request(data, 0, 1.0)),
        ("an unknown kind", SHAPE, _request(data, 1, "sink")),
        ("true for the log", SHAPE, _request(data, 4, True)),
        ("a log below nothing", SHAPE, _request(data, 4, -1)),
        ("65 batches", SHAPE, _request(data, 7, [BATCH] * 65)),
        ("1.0 for the base", SHAPE, _request(page, 5, 1.0)),
        ("a base beyond the end", SHAPE, _request(page, 5, 31)),
        ("1 for true", SHAPE, _request(agree, 6, 1)),
        ("truncated", "codec.malformed", data[:-1]),
    ]


def _request(data: bytes, place: int, item: object) -> bytes:
    body = _altered(data, place, item)
    return encode([body, sign(DEVICE, "fieldkit/request/1", body)])


def _reply(data: bytes, place: int, item: object) -> bytes:
    body = _altered(data, place, item)
    name = key_id(RECEIPTS.verify_key)
    return encode([body, name, sign(RECEIPTS, "fieldkit/answer/1", body)])


def _altered(data: bytes, place: int, item: object) -> bytes:
    items = decode(decode(data, bytes_max=LIMIT)[0], bytes_max=LIMIT)
    items[place] = item
    return encode(items)


def _reply_rows(fingerprint: bytes) -> Rows:
    idle = Answer(
        province=fingerprint, nonce=NONCE, incarnations=((1, 0), (3, 40)), head=50
    )
    form = b"id: person"
    full = replace(idle, documents=((sha256(form).digest(), form),))
    digests = Digests(
        province=fingerprint,
        nonce=NONCE,
        position=50,
        digest=seed("digest"),
        records=((RECORDS[0], seed("of one")),),
    )
    replies: dict[str, Reply] = {
        "nothing new": idle,
        "a form": full,
        "digests": digests,
    }
    good = {name: sign_reply(one, RECEIPTS) for name, one in replies.items()}
    data, longer, summed = good.values()
    foreign = sign_reply(replace(idle, province=bytes(16)), RECEIPTS)
    return [
        *((name, "success", one) for name, one in good.items()),
        ("signed by a stranger", BAD, sign_reply(idle, STRANGER)),
        ("the signature of another reply", BAD, _swap(data, 2, longer)),
        ("a body altered", BAD, flip(data, 22)),
        ("of another province", "receipt.other_province", foreign),
        ("an unknown version", SHAPE, _reply(data, 0, 2)),
        ("true for the version", SHAPE, _reply(data, 0, True)),
        ("true for the number of a log", SHAPE, _reply(data, 4, [[True, 0]])),
        ("1.0 for the number of a log", SHAPE, _reply(data, 4, [[1.0, 0]])),
        ("true for the head", SHAPE, _reply(data, 5, True)),
        ("1.0 for the position", SHAPE, _reply(summed, 4, 1.0)),
        ("truncated", "codec.malformed", data[:-1]),
    ]
