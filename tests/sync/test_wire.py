"""Messages fit ``schemas/wire/*.cddl``, and what does not fit is not read either."""

from collections.abc import Callable
from typing import Any

import pycddl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.codec import decode, encode
from fieldkit.crypto.escrow import FOR_TESTS, stretch
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import Identity
from fieldkit.crypto.secret import unlock
from fieldkit.crypto.sign import sign
from fieldkit.errors import FieldKitError
from fieldkit.records.change import change_bytes, read_change
from fieldkit.records.layout import to_wire
from fieldkit.records.part import Entry, Part, decode_part, encode_part
from fieldkit.sync.acts import SHAPES
from fieldkit.sync.batch import read_batch
from fieldkit.sync.bundle import make_bundle
from fieldkit.sync.enrolment import (
    make_enrolment,
    make_renewal,
    read_enrolment,
    read_first_word,
)
from fieldkit.sync.entries import read_entry
from fieldkit.sync.envelope import Kind, key_id, peek, seal_envelope
from fieldkit.sync.frames import decompress
from fieldkit.sync.invitation import (
    Invitation,
    Issued,
    issued_from_wire,
    issued_to_wire,
    make_invitation,
)
from fieldkit.sync.messages import sign_reply
from fieldkit.sync.receipts import (
    BatchReceipt,
    Receipt,
    Verdict,
    open_receipt,
    sign_receipt,
)
from fieldkit.sync.roster import Roster, make_entry
from tests.cddl import WIRE, Schema, read_text, schema
from tests.strategies import changes
from tests.sync.wire_samples import (
    COLUMN,
    DOT,
    EPOCH,
    HASH,
    KEY,
    LAYOUT,
    LIMIT,
    NOW,
    PAGE,
    PAGE_FRAME,
    PERSON,
    PROVINCE,
    REPLIES,
    a_batch,
    a_change,
)

PIN = "042195"
RECIPIENT = Identity(b"\1" + digest("test", b"seal")).recipient
PUBLIC = KEY.verify_key.raw


def fits(data: bytes, name: str, *without: str) -> bool:
    return schema(name, *without).fits(data)


ACTS: list[list[object]] = [
    ["province", "ศปจ. สงขลา", "90", NOW],
    ["roots", 1, [PUBLIC]],
    ["issuer", PUBLIC],
    ["receipt_key", PUBLIC],
    ["sealing_key", 1, RECIPIENT.raw[1:]],
    ["recovery_key", 1, RECIPIENT.raw[1:]],
    ["person", PERSON, "สมศรี"],
    ["grant", PERSON, "volunteer", "90010203", [0, 1]],
    ["withdraw_grant", PERSON, "volunteer", "900102"],
    ["epoch", EPOCH, PERSON, PUBLIC, 1, RECIPIENT.raw[1:]],
    ["revoke_epoch", EPOCH, [HASH]],
    ["form", "person", 1, HASH],
    ["list", "yes_no", 1, HASH],
    ["area", "90010203", "บ้านนา", "Ban Na"],
    ["invitation", EPOCH, "volunteer", "9001", "สมศรี", NOW, PERSON],
]
ENTRY = make_entry(Roster.empty(), ACTS, NOW, [KEY])
ISSUED = Issued(
    invitation_id=b"invitation of so",
    secret=HASH,
    person=PERSON,
    name="สมศรี",
    role="volunteer",
    area="9001",
    classes=(0, 1),
    expires_ms=NOW,
)
INVITATION = make_invitation(
    Invitation(
        issued=ISSUED,
        roster_entries=(ENTRY,),
        forms=(b"form",),
        lists=(b"list",),
        server_urls=("https://fieldkit.example",),
    ),
    PIN,
    KEY,
    FOR_TESTS,
)
RECEIPT = sign_receipt(
    Receipt(
        province=PROVINCE,
        incarnations=((1, 0), (2, 7)),
        batches=(
            BatchReceipt(
                hash=HASH,
                epoch=EPOCH,
                first=1,
                count=3,
                verdicts=(
                    Verdict(HASH, 0, 2, "applied", 5),
                    Verdict(HASH, 2, 1, "quarantined", 7, "out_of_scope"),
                ),
            ),
        ),
        durable=((EPOCH, HASH),),
    ),
    KEY,
)


def a_part() -> bytes:
    head = (DOT, PERSON, "volunteer", NOW, 3)
    whole = Entry(*head, None, 9, LAYOUT.id, None, ("a", 1, None, [], "2500-01-01"))
    partly = Entry(*head, "typing error", 0, LAYOUT.id, (0, 2), whole.values)
    return encode_part(Part((whole, partly), {DOT: frozenset({"name", "age"})}))


def invitation_content() -> bytes:
    _, salt, _, locked, _ = decode(INVITATION, bytes_max=LIMIT)
    return unlock(stretch(PIN, salt, FOR_TESTS), "fieldkit/invitation/1", locked)


def manifest() -> bytes:
    data = make_bundle([b"envelope"])
    return data[4 + 4 + 32 + 8 + 8 : -4]


MESSAGES: dict[str, bytes] = {
    "batch": a_batch(20),
    "batch_body": decompress(read_batch(a_batch(20)).body),
    "bundle_manifest": manifest(),
    "change": change_bytes(a_change(4)),
    "column": COLUMN,
    "enrolment": make_enrolment(ISSUED, EPOCH, KEY, RECIPIENT),
    "envelope": seal_envelope(Kind.BATCH, b"plain", RECIPIENT),
    "invitation": INVITATION,
    "invitation_content": invitation_content(),
    "layout": encode(to_wire(LAYOUT)),
    "message": sign_reply(REPLIES["answer"], KEY),
    "page": PAGE,
    "page_frame": PAGE_FRAME,
    "part": a_part(),
    "receipt": RECEIPT,
    "roster_entry": ENTRY,
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_fits_its_schema(name):
    assert fits(MESSAGES[name], name)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_fits_no_other_schema(name):
    others = MESSAGES.keys() - {name, "batch_body"}

    fitting = {other for other in others if fits(MESSAGES[name], other)}

    assert fitting == set()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_with_one_item_more_or_fewer_does_not_fit(name):
    items = decode(MESSAGES[name], bytes_max=LIMIT)

    assert not fits(encode(items[:-1]), name)
    assert not fits(encode([*items, 0]), name)


@pytest.mark.parametrize(
    "path", sorted(WIRE.glob("*.cddl")), ids=lambda path: path.stem
)
def test_every_schema_is_good_cddl_to_another_reader_too(path):
    text = path.read_text("utf-8")

    assert pycddl.Schema(text if path.stem == "common" else read_text(path.stem))


def test_a_renewal_fits_its_schema_and_an_enrolment_does_not() -> None:
    renewal = make_renewal(MESSAGES["enrolment"], EPOCH, KEY)

    assert schema("enrolment").fits(renewal, "renewal")
    assert not schema("enrolment").fits(MESSAGES["enrolment"], "renewal")
    assert read_first_word(renewal)[0] == MESSAGES["enrolment"]
    assert read_first_word(MESSAGES["enrolment"]) == (MESSAGES["enrolment"], None)


# What the other reader judges rightly: no item repeats after two fixed ones.
@pytest.mark.parametrize(
    "name", ["bundle_manifest", "enrolment", "envelope", "invitation", "layout"]
)
def test_another_reader_agrees_that_a_message_fits(name):
    pycddl.Schema(read_text(name)).validate_cbor(MESSAGES[name])


CHECKED = [
    ("a = [int, tstr, * int]", [1, "a"], True),
    ("a = [int, tstr, * int]", [1, "a", 2, 3], True),
    ("a = [int, tstr, * int]", [1, "a", 2, "b"], False),
    ("a = [+ int]", [], False),
    ("a = [? int, tstr]", ["a"], True),
    ("a = [1*2 int]", [1, 2, 3], False),
    ("a = [* int, int]", [1, 2], True),
    ("a = [0, x: int] / [1, tstr]", [1, "a"], True),
    ("a = [0, x: int] / [1, tstr]", [0, "a"], False),
    ("a = [bool, uint, float]", [True, 1, 1.0], True),
    ("a = [uint]", [True], False),
    ("a = [uint]", [-1], False),
    ("a = 1..3", 3, True),
    ("a = 1..3", 4, False),
    ("a = bytes .size 2", b"a", False),
    ('a = tstr .regexp "[0-9]+"', "12a", False),
    ("a = bytes .cbor b b = [int]", b"\x81\x01", True),
    ("a = bytes .cbor b b = [int]", b"\x81\x60", False),
    ("a = { * tstr => int }", {"a": 1}, True),
    ("a = { * tstr => int }", {"a": "b"}, False),
]


@pytest.mark.parametrize(("text", "value", "expected"), CHECKED)
def test_the_checker_itself_is_right(text, value, expected):
    assert Schema(text).fits(encode(value)) is expected


@given(changes)
def test_every_change_fits_its_schema(change):
    assert fits(change_bytes(change), "change")


@given(st.integers(1, 60))
def test_a_batch_of_any_length_fits(count):
    data = a_batch(count)

    assert fits(data, "batch")
    assert fits(decompress(read_batch(data).body), "batch_body")


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act[0])
def test_each_act_is_spelt_out_in_the_schema(act):
    entry = make_entry(Roster.empty(), [act], NOW, [KEY])

    assert fits(entry, "roster_entry", " / unknown-act")


def test_the_schema_knows_the_acts_that_the_program_knows():
    assert {act[0] for act in ACTS} == SHAPES.keys()


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act[0])
def test_an_act_of_another_shape_is_an_unknown_one(act):
    body, signatures = decode(ENTRY, bytes_max=LIMIT)
    items = decode(body, bytes_max=LIMIT)
    longer = encode([*items[:-1], [[*act, 0]]])
    entry = encode([longer, signatures])

    assert fits(entry, "roster_entry")
    assert not fits(entry, "roster_entry", " / unknown-act")


# --- What the schema refuses, the reader refuses --------------------------------------


def signed(body: bytes) -> bytes:
    return encode([body, key_id(KEY.verify_key), sign(KEY, "fieldkit/receipt/1", body)])


def read_receipt(data: bytes) -> Receipt:
    return open_receipt(data, PROVINCE, {key_id(KEY.verify_key): KEY.verify_key})


def inner(name: str) -> bytes:
    """Return the body inside a signed message."""
    body: bytes = decode(MESSAGES[name], bytes_max=LIMIT)[0]
    return body


# File, rule, bytes and reader of what is read item by item.
READERS: list[tuple[str, str, bytes, Callable[[bytes], object]]] = [
    ("change", "change", MESSAGES["change"], read_change),
    ("enrolment", "enrolment", MESSAGES["enrolment"], read_enrolment),
    ("envelope", "envelope", MESSAGES["envelope"], peek),
    ("part", "part", MESSAGES["part"], decode_part),
    ("receipt", "receipt", RECEIPT, read_receipt),
    (
        "receipt",
        "receipt-body",
        inner("receipt"),
        lambda body: read_receipt(signed(body)),
    ),
    ("roster_entry", "roster-entry", ENTRY, read_entry),
    (
        "roster_entry",
        "roster-body",
        inner("roster_entry"),
        lambda body: read_entry(encode([body, []])),
    ),
    (
        "invitation_content",
        "invitation-issued",
        encode(issued_to_wire(ISSUED)),
        lambda data: issued_from_wire(decode(data, bytes_max=LIMIT)),
    ),
]
STRANGE: list[Any] = [None, True, 1.0, -1, 1.5, "text", b"bytes", [], {}]


@pytest.mark.parametrize(("name", "rule", "data", "reader"), READERS)
def test_a_strange_item_that_the_schema_refuses_is_not_read(name, rule, data, reader):
    items = decode(data, bytes_max=LIMIT)
    assert schema(name).fits(data, rule)
    assert reader(data) is not None
    for place in range(len(items)):
        for strange in STRANGE:
            spoilt = encode([*items[:place], strange, *items[place + 1 :]])
            if not schema(name).fits(spoilt, rule):
                with pytest.raises(FieldKitError):
                    reader(spoilt)
