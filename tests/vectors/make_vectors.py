"""Write ``schemas/vectors/*.json``: ``python -m tests.vectors.make_vectors``.

The vectors are the formats, frozen: another implementation runs the same files.
Run this only when a format gets a new version. Sealing is randomised, so every
run writes other bytes; those in the repository must open for ever.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from fieldkit.codec import encode
from fieldkit.crypto.escrow import FOR_TESTS, KeyBox, stretch
from fieldkit.crypto.hashes import digest, merkle_root, salt
from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.crypto.padme import pad, padded_length
from fieldkit.crypto.seal import _seal_chunks, seal
from fieldkit.crypto.secret import lock, mac
from fieldkit.crypto.sign import sign
from tests.vectors.rfc9180 import RFC9180

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors"
Case = dict[str, Any]


def seed(name: str, count: int = 32) -> bytes:
    """Return bytes made of ``name``: keys of vectors are known to everyone."""
    blocks = [digest("vector", name.encode(), bytes((n,))) for n in range(4)]
    return b"".join(blocks)[:count]


def flip(data: bytes, place: int) -> bytes:
    """Return ``data`` with the lowest bit at ``place`` flipped."""
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def case(name: str, kind: str, expect: str = "success", **given: object) -> Case:
    """Return one case; bytes are written as hex."""
    values = {k: v.hex() if isinstance(v, bytes) else v for k, v in given.items()}
    return {"name": name, "kind": kind, **values, "expect": expect}


def codec_cases() -> list[Case]:
    """Return what is written, and what is not read."""
    values: dict[str, Any] = {
        "null": None,
        "true": True,
        "zero": 0,
        "23 is the last in one byte": 23,
        "24 takes two": 24,
        "largest integer": 2**64 - 1,
        "smallest integer": -(2**64),
        "a float of an integer stays a float": 1.0,
        "a float": 36.6,
        "smallest float": 5e-324,
        "Thai text": "สมชาย ใจดี",
        "nested": [1, ["a", []], {}],
        "keys by length, then bytes": {"b": 1, "aa": 2, "ก": 3, "a": 4},
    }
    good = [case(n, "value", value=v, bytes=encode(v)) for n, v in values.items()]
    deep_ok, deep = b"\x81" * 16 + b"\x00", b"\x81" * 17 + b"\x00"
    good.append(case("bytes", "bytes", bytes=encode(b"\xc2\xf9")))
    good.append(case("sixteen levels", "bytes", bytes=deep_ok))
    bad = {
        "codec.malformed": {
            "nothing": "",
            "truncated text": "6261",
            "truncated list": "8201",
            "tag: epoch time": "c11a00000000",
            "tag: big integer": "c249010000000000000000",
            "tag: self-described": "d9d9f700",
            "tag: shared value": "d81c80",
            "broken UTF-8": "61ff",
            "a lone surrogate": "63eda080",
            "reserved length": "1c",
            "break alone": "ff",
            "seventeen levels": deep.hex(),
            "a list longer than memory": "9b7fffffffffffffff",
        },
        "codec.not_canonical": {
            "trailing byte": "0000",
            "non-minimal integer": "1817",
            "non-minimal length": "780161",
            "indefinite list": "9f01ff",
            "indefinite text": "7f6161ff",
            "half float": "f93c00",
            "single float": "fa3f800000",
            "unsorted map": "a2616201616102",
            "longer key first": "a262616101616202",
            "repeated key": "a2616101616102",
        },
        "codec.number": {
            "NaN": "f97e00",
            "NaN in 64 bits": "fb7ff8000000000000",
            "infinity": "fb7ff0000000000000",
            "negative zero": "fb8000000000000000",
        },
        "codec.type": {"undefined": "f7", "simple value": "e0"},
        "codec.key": {"a number for a key": "a10102", "bytes for a key": "a1416102"},
    }
    return good + [
        case(name, "bytes", code, bytes=data)
        for code, cases in bad.items()
        for name, data in cases.items()
    ]


def hpke_cases() -> list[Case]:
    """Return the vectors of RFC 9180 for our KEM, and our own seals."""
    cases = [*RFC9180, chunks_case((1 << 20) + 1), chunks_case(17 << 16)]
    for suite in Suite:
        identity = Identity(bytes((suite,)) + seed(suite.name, 96 if suite > 1 else 32))
        other = Identity(bytes((suite,)) + seed("other", 96 if suite > 1 else 32))
        info, plain = b"vector", "ใบส่งต่อ".encode()
        sealed = seal(plain, identity.recipient, info)
        middle = len(sealed) // 2
        bad = "crypto.not_a_recipient"
        for name, expect, with_identity, data, with_info in (
            ("opens", "success", identity, sealed, info),
            ("wrong key", bad, other, sealed, info),
            ("wrong info", bad, identity, sealed, b"vectoR"),
            ("flipped bit in the shared part", bad, identity, flip(sealed, 5), info),
            ("flipped bit in the middle", bad, identity, flip(sealed, middle), info),
            ("flipped bit at the end", bad, identity, flip(sealed, -1), info),
            ("truncated", bad, identity, sealed[:-1], info),
            ("one byte more", bad, identity, sealed + b"\0", info),
            ("nothing", bad, identity, b"", info),
            ("unknown suite", "crypto.suite", identity, b"\x7f" + sealed[1:], info),
            ("called chunked", bad, identity, flip_form(sealed), info),
        ):
            cases.append(
                case(
                    f"{suite.name}: {name}",
                    "seal",
                    expect,
                    identity=with_identity.raw,
                    recipient=identity.recipient.raw,
                    info=with_info,
                    sealed=data,
                    plain=plain,
                )
            )
    return cases


def chunks_case(length: int) -> Case:
    """Return what the chunks of ``length`` bytes 0, 1, … 255, 0, … hash to."""
    key = seed("content")
    plain = (bytes(range(256)) * (length // 256 + 1))[:length]
    hashed = sha256(_seal_chunks(plain, key)).digest()
    name = f"chunks of {length} bytes"
    return case(name, "chunks", content_key=key, length=length, sha256=hashed)


def flip_form(sealed: bytes) -> bytes:
    """Return ``sealed`` with the mark of the chunked form."""
    return bytes((sealed[0] | 0x10,)) + sealed[1:]


def sign_cases() -> list[Case]:
    """Return signatures, proofs by a shared secret, and hashes."""
    key, other = SigningKey(seed("sign")), SigningKey(seed("other"))
    message = "ชุดข้อมูล".encode()
    signature = sign(key, "batch", message)
    bad = "crypto.signature"
    rows: tuple[tuple[str, str, SigningKey, str, bytes, bytes], ...] = (
        ("verifies", "success", key, "batch", message, signature),
        ("wrong key", bad, other, "batch", message, signature),
        ("wrong label", bad, key, "roster", message, signature),
        ("altered message", bad, key, "batch", flip(message, 0), signature),
        ("flipped bit", bad, key, "batch", message, flip(signature, 3)),
        ("truncated", bad, key, "batch", message, signature[:-1]),
    )
    cases = [
        case(
            name,
            "sign",
            expect,
            signing_key=with_key.raw,
            verify_key=with_key.verify_key.raw,
            label=label,
            message=text,
            signature=data,
        )
        for name, expect, with_key, label, text, data in rows
    ]
    return cases + mac_cases() + hash_cases()


def mac_cases() -> list[Case]:
    """Return proofs by a shared secret."""
    secret = seed("mac")
    proof = mac(secret, "keys", b"one", b"two")
    return [
        case(name, "mac", expect, secret=s, label="keys", parts=parts, mac=data)
        for name, expect, s, parts, data in (
            ("fits", "success", secret, ["6f6e65", "74776f"], proof),
            ("wrong secret", "crypto.mac", seed("x"), ["6f6e65", "74776f"], proof),
            ("parts joined", "crypto.mac", secret, ["6f6e6574776f"], proof),
            ("proof cut", "crypto.mac", secret, ["6f6e65", "74776f"], proof[:-1]),
        )
    ]


def hash_cases() -> list[Case]:
    """Return digests, roots and salts."""
    leaves = [digest("leaf", bytes((n,))) for n in range(7)]
    return [
        case("digest", "digest", label="a", parts=["6263"], digest=digest("a", b"bc")),
        case("digest of nothing", "digest", label="", parts=[], digest=digest("")),
        *(
            case(
                f"root of {count}",
                "root",
                leaves=[leaf.hex() for leaf in leaves[:count]],
                root=merkle_root(leaves[:count]),
            )
            for count in (0, 1, 2, 3, 5, 7)
        ),
        case("salt", "salt", seed=seed("s"), at=[7, 1], salt=salt(seed("s"), 7, 1)),
    ]


def escrow_cases() -> list[Case]:
    """Return key boxes, locked bytes and PINs, all at the cost for tests."""
    key, recovery = seed("database"), Identity(b"\x01" + seed("recovery"))
    box = KeyBox().with_passphrase(key, "a", "ข้าวหอม", FOR_TESTS)
    whole = box.with_recovery(key, recovery.recipient).encode()
    damaged = "store.key_box"
    newer = encode([2, []])
    rows = (
        ("opens", "success", whole, "a", "ข้าวหอม"),
        ("wrong passphrase", "store.passphrase", whole, "a", "ข้าวสาร"),
        ("nobody of that name", "store.no_such_person", whole, "b", "ข้าวหอม"),
        ("truncated", damaged, whole[:-1], "a", "ข้าวหอม"),
        ("trailing byte", damaged, whole + b"\0", "a", "ข้าวหอม"),
        ("newer", "store.newer_key_box", newer, "a", "ข้าวหอม"),
        ("altered key", "store.passphrase", flip(box.encode(), -1), "a", "ข้าวหอม"),
    )
    cases = [
        case(name, "passphrase", expect, box=data, person=who, passphrase=word, key=key)
        for name, expect, data, who, word in rows
    ]
    bad = "crypto.not_a_recipient"
    other = Identity(b"\x01" + seed("other"))
    for name, expect, identity, data in (
        ("recovers", "success", recovery, whole),
        ("wrong recovery key", bad, other, whole),
        ("altered slot", bad, recovery, flip(whole, -1)),
    ):
        cases.append(
            case(name, "recovery", expect, identity=identity.raw, box=data, key=key)
        )
    return cases + lock_cases() + pin_cases()


def lock_cases() -> list[Case]:
    """Return bytes locked with a shared secret."""
    secret = seed("lock")
    locked = lock(secret, "invitation", b"plain")
    bad = "crypto.not_a_recipient"
    return [
        case(name, "lock", expect, secret=s, label=label, locked=data, plain=b"plain")
        for name, expect, s, label, data in (
            ("unlocks", "success", secret, "invitation", locked),
            ("wrong secret", bad, seed("x"), "invitation", locked),
            ("wrong label", bad, secret, "box", locked),
            ("flipped bit", bad, secret, "invitation", flip(locked, 33)),
            ("truncated", bad, secret, "invitation", locked[:-1]),
        )
    ]


def pin_cases() -> list[Case]:
    """Return what PINs stretch to."""
    at = seed("salt", 16)
    key = stretch("012345", at, FOR_TESTS)
    return [
        case("six digits", "pin", pin="012345", salt=at, key=key),
        case("Thai digits", "pin", pin="๐๑๒๓๔๕", salt=at, key=key),
        case("five digits", "pin", "crypto.pin", pin="01234", salt=at, key=key),
    ]


def padme_cases() -> list[Case]:
    """Return lengths, and padding that comes off or does not."""
    lengths = (0, 1, 1023, 1024, 1025, 5000, 65535, 65537, 1 << 20, (1 << 20) + 1)
    bad = "crypto.padding"
    padded = pad(b"abc")
    return [
        *(
            case(f"length {n}", "length", length=n, padded_length=padded_length(n))
            for n in lengths
        ),
        case("three bytes", "pad", padded=padded, plain=b"abc"),
        case("nothing inside", "pad", padded=pad(b""), plain=b""),
        case("truncated", "pad", bad, padded=padded[:-1], plain=b"abc"),
        case("one byte more", "pad", bad, padded=padded + b"\0", plain=b"abc"),
        case("no end mark", "pad", bad, padded=bytes(1024), plain=b""),
        case("other end mark", "pad", bad, padded=flip(padded, 3), plain=b"abc"),
        case("padding not zero", "pad", bad, padded=flip(padded, -1), plain=b"abc"),
    ]


FILES = {
    "codec": ("A value has one encoding; no other is read.", codec_cases),
    "hpke": ("Seals: RFC 9180's for our KEM, and ours.", hpke_cases),
    "sign": ("Signatures, proofs by a shared secret, hashes.", sign_cases),
    "escrow": ("Key boxes, locked bytes, PINs, at the cost for tests.", escrow_cases),
    "padme": ("Padded lengths, and padding.", padme_cases),
}


def main() -> None:
    """Write every file."""
    for name, (about, cases) in FILES.items():
        text = json.dumps(
            {"about": about, "cases": cases()}, ensure_ascii=False, indent=1
        )
        (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
