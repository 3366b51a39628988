"""Run every file of ``schemas/vectors``: what must succeed, and what must fail how."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM
from cryptography.hazmat.primitives.hpke import Suite as HpkeSuite

from fieldkit.codec import decode, encode
from fieldkit.crypto.escrow import FOR_TESTS, KeyBox, stretch
from fieldkit.crypto.hashes import digest, merkle_root, salt
from fieldkit.crypto.keys import Identity, SigningKey, VerifyKey
from fieldkit.crypto.padme import padded_length, unpad
from fieldkit.crypto.seal import _seal_chunks, unseal
from fieldkit.crypto.secret import check_mac, unlock
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import FieldKitError, NotARecipientError
from tests.vectors.rfc9180 import RFC9180

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors"
OURS = ("codec", "escrow", "hpke", "padme", "sign")
LIMIT = 1 << 20
unhex = bytes.fromhex


def cases(name: str) -> list[dict[str, Any]]:
    document = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    found: list[dict[str, Any]] = document["cases"]
    return found


CASES = [
    pytest.param(case, id=f"{name} {case['kind']}: {case['name']}")
    for name in OURS
    for case in cases(name)
]


def run_value(case: dict[str, Any]) -> None:
    value = decode(unhex(case["bytes"]), bytes_max=LIMIT)

    assert encode(case["value"]) == unhex(case["bytes"])
    assert value == case["value"]
    assert type(value) is type(case["value"])


def run_bytes(case: dict[str, Any]) -> None:
    data = unhex(case["bytes"])

    assert encode(decode(data, bytes_max=LIMIT)) == data


def run_rfc9180(case: dict[str, Any]) -> None:
    suite = HpkeSuite(KEM.X25519, KDF.HKDF_SHA256, getattr(AEAD, case["aead"]))
    key = X25519PrivateKey.from_private_bytes(unhex(case["secret_key"]))
    sealed = unhex(case["enc"] + case["ct"])
    info, aad = unhex(case["info"]), unhex(case["aad"])

    try:
        plain = openssl.hpke._decrypt_with_aad(suite, sealed, key, info, aad)
    except InvalidTag as error:
        raise NotARecipientError("crypto.not_a_recipient") from error

    assert plain == unhex(case["plain"])
    assert key.public_key().public_bytes_raw() == unhex(case["public_key"])


def run_seal(case: dict[str, Any]) -> None:
    identity = Identity(unhex(case["identity"]))

    plain = unseal(unhex(case["sealed"]), identity, unhex(case["info"]))

    assert plain == unhex(case["plain"])
    assert identity.recipient.raw == unhex(case["recipient"])


def run_chunks(case: dict[str, Any]) -> None:
    plain = (bytes(range(256)) * (case["length"] // 256 + 1))[: case["length"]]

    chunks = _seal_chunks(plain, unhex(case["content_key"]))

    assert sha256(chunks).hexdigest() == case["sha256"]


def run_sign(case: dict[str, Any]) -> None:
    key, message = SigningKey(unhex(case["signing_key"])), unhex(case["message"])
    signature = unhex(case["signature"])

    verify(VerifyKey(unhex(case["verify_key"])), case["label"], message, signature)

    assert sign(key, case["label"], message) == signature
    assert key.verify_key.raw == unhex(case["verify_key"])


def run_mac(case: dict[str, Any]) -> None:
    parts = [unhex(part) for part in case["parts"]]

    check_mac(unhex(case["secret"]), case["label"], unhex(case["mac"]), *parts)


def run_digest(case: dict[str, Any]) -> None:
    parts = [unhex(part) for part in case["parts"]]

    assert digest(case["label"], *parts) == unhex(case["digest"])


def run_root(case: dict[str, Any]) -> None:
    leaves = [unhex(leaf) for leaf in case["leaves"]]

    assert merkle_root(leaves) == unhex(case["root"])


def run_salt(case: dict[str, Any]) -> None:
    assert salt(unhex(case["seed"]), *case["at"]) == unhex(case["salt"])


def run_passphrase(case: dict[str, Any]) -> None:
    box = KeyBox.decode(unhex(case["box"]))

    key = box.unlock(case["person"], case["passphrase"], FOR_TESTS)

    assert key == unhex(case["key"])


def run_recovery(case: dict[str, Any]) -> None:
    box = KeyBox.decode(unhex(case["box"]))

    assert box.recover(Identity(unhex(case["identity"]))) == unhex(case["key"])


def run_lock(case: dict[str, Any]) -> None:
    plain = unlock(unhex(case["secret"]), case["label"], unhex(case["locked"]))

    assert plain == unhex(case["plain"])


def run_pin(case: dict[str, Any]) -> None:
    assert stretch(case["pin"], unhex(case["salt"]), FOR_TESTS) == unhex(case["key"])


def run_length(case: dict[str, Any]) -> None:
    assert padded_length(case["length"]) == case["padded_length"]


def run_pad(case: dict[str, Any]) -> None:
    assert unpad(unhex(case["padded"])) == unhex(case["plain"])


RUNNERS: dict[str, Callable[[dict[str, Any]], None]] = {
    "bytes": run_bytes,
    "chunks": run_chunks,
    "digest": run_digest,
    "length": run_length,
    "lock": run_lock,
    "mac": run_mac,
    "pad": run_pad,
    "passphrase": run_passphrase,
    "pin": run_pin,
    "recovery": run_recovery,
    "rfc9180": run_rfc9180,
    "root": run_root,
    "salt": run_salt,
    "seal": run_seal,
    "sign": run_sign,
    "value": run_value,
}


@pytest.mark.parametrize("case", CASES)
def test_a_vector_ends_as_it_says(case):
    try:
        RUNNERS[case["kind"]](case)
        outcome = "success"
    except FieldKitError as error:
        outcome = error.code

    assert outcome == case["expect"]


@pytest.mark.parametrize("name", OURS)
def test_each_file_has_cases_that_succeed_and_cases_that_fail(name):
    expected = {case["expect"] for case in cases(name)}

    assert "success" in expected
    assert len(expected) > 1


def test_the_rfc_s_vectors_are_in_the_file_as_they_are_in_the_rfc():
    assert [c for c in cases("hpke") if c["kind"] == "rfc9180"] == RFC9180
