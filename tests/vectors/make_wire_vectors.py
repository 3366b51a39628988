"""Write ``schemas/vectors/wire_*.json``: ``python -m tests.vectors.make_wire_vectors``.

The messages that travel, frozen: another implementation runs the same files. Run this
only when a message gets a new version, and name its file: what lies there is for ever.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fieldkit.causality import Dot, Stamp
from fieldkit.codec import decode, encode
from fieldkit.crypto.escrow import FOR_TESTS
from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.crypto.sign import sign
from fieldkit.records.change import Change, Write, change_bytes, identify
from fieldkit.records.change import Identity as Names
from fieldkit.records.layout import Layout
from fieldkit.sync.batch import (
    BATCH_LABEL,
    BatchHeader,
    batch_hash,
    cut,
    read_batch,
    to_wire,
)
from fieldkit.sync.bundle import make_bundle
from fieldkit.sync.enrolment import make_enrolment
from fieldkit.sync.entries import cosign
from fieldkit.sync.envelope import seal_envelope
from fieldkit.sync.invitation import Invitation, Issued, make_invitation
from fieldkit.sync.receipts import (
    BatchReceipt,
    Receipt,
    Verdict,
    run_to_wire,
    sign_receipt,
)
from fieldkit.sync.roster import Roster, fold, make_entry
from tests.vectors.make_page_vectors import message_cases, page_cases
from tests.vectors.make_vectors import FOLDER, Case, case, flip, seed

NOW = 1_790_000_000_000
LIMIT = 1 << 20
PERSON, EPOCH = seed("person", 8), seed("epoch", 16)
ROOTS = [SigningKey(seed(f"root {n}")) for n in range(3)]
ISSUER, RECEIPTS = SigningKey(seed("issuer")), SigningKey(seed("receipts"))
DEVICE, STRANGER = SigningKey(seed("device")), SigningKey(seed("stranger"))
SMALL = Identity(b"\1" + seed("province"))
LARGE = Identity(b"\2" + seed("province", 96))
OTHER = Identity(b"\1" + seed("other"))
ACTS: list[list[object]] = [
    ["province", "ศปจ. สงขลา", "90", NOW],
    ["roots", 2, [key.verify_key.raw for key in ROOTS]],
    ["issuer", ISSUER.verify_key.raw],
    ["receipt_key", RECEIPTS.verify_key.raw],
    ["sealing_key", 1, SMALL.recipient.raw[1:]],
    ["sealing_key", 2, LARGE.recipient.raw[1:]],
]
FIRST = make_entry(Roster.empty(), ACTS, NOW, ROOTS[:2])
ROSTER = fold(Roster.empty(), [FIRST])
GRANT: list[list[object]] = [
    ["person", PERSON, "สมศรี ใจดี"],
    ["grant", PERSON, "volunteer", "90010203", [0, 1]],
    ["said by a newer program", 1],
]


def roster_cases() -> list[Case]:
    """Return rosters that fold, and those that do not."""
    known = make_entry(ROSTER, GRANT[:2], NOW, [ISSUER])
    after = fold(ROSTER, [known])
    third = make_entry(after, [["person", PERSON, "สมศรี"]], NOW, [ISSUER])
    other = make_entry(ROSTER, [["person", PERSON, "สมชาย"]], NOW, [ISSUER])
    newer = cosign(_unknown_act(), ISSUER)
    key = [["issuer", STRANGER.verify_key.raw]]
    lone = make_entry(Roster.empty(), ACTS, NOW, ROOTS[:1])
    rows: list[tuple[str, str, list[bytes]]] = [
        ("the first entry", "success", [FIRST]),
        ("three entries", "success", [FIRST, known, third]),
        ("in any order", "success", [third, FIRST, known]),
        ("seen twice", "success", [FIRST, known, known]),
        ("an act of a newer program", "success", [FIRST, newer]),
        ("a third root signs too", "success", [cosign(FIRST, ROOTS[2])]),
        ("the third root makes two", "success", [cosign(lone, ROOTS[2])]),
        ("one root of two", "roster.signature", [lone]),
        ("no root", "roster.signature", [make_entry(Roster.empty(), ACTS, NOW, [])]),
        (
            "a stranger's entry",
            "roster.signature",
            [FIRST, make_entry(ROSTER, GRANT[:1], NOW, [STRANGER])],
        ),
        (
            "a key act by the issuer",
            "roster.signature",
            [FIRST, make_entry(ROSTER, key, NOW, [ISSUER])],
        ),
        ("two entries of one number", "roster.fork", [FIRST, known, other]),
        ("another history", "roster.fork", [FIRST, other, third]),
        ("an entry is missing", "roster.gap", [FIRST, third]),
        ("truncated", "codec.malformed", [FIRST[:-1]]),
    ]
    return [
        case(
            name,
            "roster",
            expect,
            entries=[entry.hex() for entry in entries],
            **(_folded(entries) if expect == "success" else {}),
        )
        for name, expect, entries in rows
    ]


def _folded(entries: list[bytes]) -> dict[str, object]:
    roster = fold(Roster.empty(), entries)
    return {
        "version": roster.version,
        "head_hash": roster.head_hash,
        "fingerprint": roster.fingerprint,
        "people": {person.hex(): name for person, name in roster.people.items()},
    }


def _unknown_act() -> bytes:
    """Return the entry after the first, unsigned, with an act nobody knows yet."""
    body, _ = decode(make_entry(ROSTER, GRANT[:2], NOW, []), bytes_max=LIMIT)
    items = decode(body, bytes_max=LIMIT)
    return encode([encode([*items[:-1], GRANT]), []])


def envelope_cases() -> list[Case]:
    """Return envelopes that open, and those that do not."""
    keys = {Suite.X25519: SMALL.recipient, Suite.HYBRID: LARGE.recipient}
    small, large = (
        seal_envelope(1, b"plain", keys),
        seal_envelope(4, b"p", LARGE.recipient),
    )
    version, kind, name, sealed = decode(small, bytes_max=LIMIT)
    bad = "crypto.not_a_recipient"
    rows = (
        ("X25519", "success", small, SMALL, 1, b"plain"),
        ("hybrid", "success", large, LARGE, 4, b"p"),
        ("another key", bad, small, OTHER, 1, b"plain"),
        ("another kind", bad, encode([version, 2, name, sealed]), SMALL, 2, b"plain"),
        ("flipped bit", bad, flip(small, -9), SMALL, 1, b"plain"),
        ("truncated", "codec.malformed", small[:-1], SMALL, 1, b"plain"),
        (
            "another version",
            "codec.shape",
            encode([2, kind, name, sealed]),
            SMALL,
            1,
            b"plain",
        ),
    )
    return [
        case(
            name,
            "envelope",
            expect,
            envelope=data,
            identity=identity.raw,
            envelope_kind=number,
            plain=plain,
        )
        for name, expect, data, identity, number, plain in rows
    ]


ISSUED = Issued(
    invitation_id=seed("invitation", 16),
    secret=seed("secret"),
    person=PERSON,
    name="สมศรี ใจดี",
    role="volunteer",
    area="90010203",
    classes=(0, 1),
    expires_ms=NOW,
)
PIN = "042195"


def invitation_cases() -> list[Case]:
    """Return invitations (at the cost for tests) and enrolments."""
    offer = Invitation(issued=ISSUED, roster_entries=(FIRST,), forms=(b"form",))
    data = make_invitation(offer, PIN, ISSUER, FOR_TESTS)
    forged = make_invitation(offer, PIN, STRANGER, FOR_TESTS)
    early, damaged = NOW - 1, "invitation.damaged"
    rows = (
        ("opens", "success", data, PIN, early),
        ("Thai digits", "success", data, "๐๔๒๑๙๕", early),
        ("wrong PIN", "invitation.pin", data, "042196", early),
        ("five digits", "crypto.pin", data, "04219", early),
        ("expired", "invitation.expired", data, PIN, NOW),
        ("flipped bit", damaged, flip(data, -20), PIN, early),
        ("truncated", damaged, data[:-1], PIN, early),
        ("signed by a stranger", damaged, forged, PIN, early),
    )
    return [
        case(
            name,
            "invitation",
            expect,
            invitation=file,
            pin=pin,
            now_ms=now,
            person=ISSUED.name,
            secret=ISSUED.secret,
        )
        for name, expect, file, pin, now in rows
    ] + enrolment_cases()


def enrolment_cases() -> list[Case]:
    """Return first words of a laptop, and what the province thinks of each."""
    whole = make_enrolment(ISSUED, EPOCH, DEVICE, OTHER.recipient)
    guessed = replace(ISSUED, secret=bytes(32))
    guess = make_enrolment(guessed, EPOCH, DEVICE, OTHER.recipient)
    rows: tuple[tuple[str, str, bytes, bytes | None, int], ...] = (
        ("first use", "success", whole, None, NOW - 1),
        ("the same again, late", "success", whole, EPOCH, NOW + 1),
        ("a second laptop", "invitation.used", whole, seed("another", 16), NOW - 1),
        ("too late", "invitation.expired", whole, None, NOW),
        ("without the secret", "crypto.mac", guess, None, NOW - 1),
        ("flipped bit", "crypto.signature", flip(whole, -1), None, NOW - 1),
        ("truncated", "codec.malformed", whole[:-1], None, NOW - 1),
    )
    return [
        case(
            name,
            "enrolment",
            expect,
            enrolment=data,
            secret=ISSUED.secret,
            person=PERSON,
            epoch=EPOCH,
            used_by=used_by,
            now_ms=now,
            expires_ms=NOW,
        )
        for name, expect, data, used_by, now in rows
    ]


def receipt_cases() -> list[Case]:
    """Return receipts that are believed, and those that are not."""
    batch = seed("batch")
    verdicts = (
        Verdict(batch, 0, 4, "applied", 41),
        Verdict(batch, 4, 1, "quarantined", 45, "out_of_scope"),
    )
    said = BatchReceipt(
        hash=batch, epoch=EPOCH, first=7, count=5, verdicts=verdicts, duplicate=True
    )
    receipt = Receipt(
        province=ROSTER.fingerprint,
        incarnations=((1, 0), (3, 40)),
        batches=(said,),
        durable=((EPOCH, batch),),
    )
    data = sign_receipt(receipt, RECEIPTS)
    foreign = sign_receipt(replace(receipt, province=bytes(16)), RECEIPTS)
    bad = "crypto.signature"
    rows = (
        ("two runs", "success", data),
        ("by another key", bad, sign_receipt(receipt, STRANGER)),
        ("altered", bad, flip(data, 60)),
        ("of another province", "receipt.other_province", foreign),
        ("truncated", "codec.malformed", data[:-1]),
    )
    return [
        case(
            name,
            "receipt",
            expect,
            receipt=one,
            receipt_key=RECEIPTS.verify_key.raw,
            province=ROSTER.fingerprint,
            batch=batch,
            verdicts=[run_to_wire(verdict) for verdict in verdicts],
        )
        for name, expect, one in rows
    ]


def bundle_cases() -> list[Case]:
    """Return bundles; whatever is wrong, every whole envelope is given out."""
    envelopes = [seed("first"), seed("second", 80)]
    whole = make_bundle(envelopes)
    cut_short = 4 + 4 + 32 + 32 + 20
    rows: tuple[tuple[str, str, bytes, list[bytes]], ...] = (
        ("whole", "success", whole, envelopes),
        ("empty", "success", make_bundle([]), []),
        ("without its end", "bundle.truncated", whole[:-1], envelopes),
        ("cut in the second", "bundle.truncated", whole[:cut_short], envelopes[:1]),
        ("the first altered", "bundle.damaged", flip(whole, 50), envelopes[1:]),
        ("another file", "bundle.not_a_bundle", b"PK\3\4" + whole[4:], []),
    )
    return [
        case(
            name, "bundle", expect, bundle=data, envelopes=[one.hex() for one in given]
        )
        for name, expect, data, given in rows
    ]


LAYOUT = Layout("person", 1, ("name", "age", "weight", "groups", "born"))


def a_change(counter: int) -> Change:
    """Return a save of one new record; from the third on it replaces something."""
    dot = Dot(EPOCH, 1, seed("tag", 8))
    stamp = Stamp(EPOCH, counter, PERSON, "volunteer", 3, NOW + counter, 0, None)
    values = ("สมศรี", 60 + counter, 51.5, ["elderly", "disabled"], None)
    replaces = (dot,) if counter > 2 else ()
    return Change(stamp, (Write(LAYOUT.id, None, replaces, values),))


def batch_cases() -> list[Case]:
    """Return changes with what is derived from them, and batches."""
    salts = seed("salts")
    changes = [a_change(counter) for counter in range(1, 21)]
    names: list[Names] = [identify(change, salts) for change in changes]
    header = BatchHeader(
        province=ROSTER.fingerprint,
        epoch=EPOCH,
        first=1,
        count=len(changes),
        previous=bytes(32),
        roster=3,
        incarnation=1,
        position=7,
    )
    hashes = [name.hash for name in names]
    batch = cut(header, changes, hashes, {LAYOUT.id: LAYOUT}, {0: salts})
    wire = to_wire(batch, sign(DEVICE, BATCH_LABEL, batch.hash))
    packed = read_batch(wire)
    renamed = replace(header, position=8)
    moved = cut(renamed, changes, hashes, {LAYOUT.id: LAYOUT}, {0: salts})
    forged = encode([moved.header, packed.signature, packed.body])
    assert batch_hash(batch.header, batch.root) == batch.hash
    rows = (
        ("twenty changes", "success", wire),
        ("another header", "crypto.signature", forged),
        ("truncated", "codec.malformed", wire[:-1]),
    )
    return [
        case(
            f"change {change.stamp.counter}",
            "change",
            change=change_bytes(change),
            seed=salts,
            hash=name.hash,
            leaves=[leaf.hex() for leaf in name.leaves],
            records=[record.hex() for record in name.records],
        )
        for change, name in zip(changes[1:3], names[1:3], strict=True)
    ] + [
        case(
            name,
            "batch",
            expect,
            batch=data,
            verify_key=DEVICE.verify_key.raw,
            hash=batch.hash,
            changes=[change_bytes(change).hex() for change in changes],
        )
        for name, expect, data in rows
    ]


FILES: dict[str, tuple[str, Any]] = {
    "wire_roster": ("Rosters, entry by entry.", roster_cases),
    "wire_envelope": ("Envelopes; sealing is randomised.", envelope_cases),
    "wire_invitation": ("Invitations at test cost, enrolments.", invitation_cases),
    "wire_receipt": ("Receipts.", receipt_cases),
    "wire_bundle": ("Bundles; what is whole is given out.", bundle_cases),
    "wire_batch": ("Changes, their hashes, and batches.", batch_cases),
    "wire_page": ("Pages, by the fields of their states.", lambda: page_cases(FIRST)),
    "wire_message": ("Requests and replies.", lambda: message_cases(FIRST)),
}


def main(names: Iterable[str]) -> None:
    """Write the files of these names, or all."""
    for name in names or FILES:
        about, cases = FILES[name]
        document = {"about": about, "cases": cases()}
        text = json.dumps(document, ensure_ascii=False, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
