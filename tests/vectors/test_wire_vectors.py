"""Run ``schemas/vectors/wire_*.json``: what is read, and what is refused how."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldkit.crypto.escrow import FOR_TESTS
from fieldkit.crypto.keys import Identity, SigningKey, VerifyKey
from fieldkit.crypto.sign import verify
from fieldkit.errors import CodecError, FieldKitError
from fieldkit.records.change import change_bytes, identify, read_change
from fieldkit.sync.asking import DeviceKeys
from fieldkit.sync.batch import BATCH_LABEL, open_batch, read_batch
from fieldkit.sync.bundle import read_bundle
from fieldkit.sync.enrolment import judge_enrolment, read_enrolment
from fieldkit.sync.envelope import key_id, keys_by_id, open_envelope
from fieldkit.sync.invitation import Issued, open_invitation
from fieldkit.sync.messages import (
    Answer,
    read_reply,
    read_request,
    sign_reply,
    sign_request,
)
from fieldkit.sync.pages import open_page
from fieldkit.sync.positions import Cursor
from fieldkit.sync.receipts import open_receipt, run_to_wire
from fieldkit.sync.roster import Roster, fold
from fieldkit.sync.session import Session
from fieldkit.sync.states import PartState
from tests.simulation.memory import MemoryReplica

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors"
NAMES = sorted(path.stem for path in FOLDER.glob("wire_*.json"))
unhex = bytes.fromhex
Case = dict[str, Any]


def cases(name: str) -> list[Case]:
    document = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    found: list[Case] = document["cases"]
    return found


CASES = [
    pytest.param(case, id=f"{case['kind']}: {case['name']}")
    for name in NAMES
    for case in cases(name)
]


def run_roster(case: Case) -> None:
    roster = fold(Roster.empty(), map(unhex, case["entries"]))

    assert roster.version == case["version"]
    assert roster.head_hash == unhex(case["head_hash"])
    assert roster.fingerprint == unhex(case["fingerprint"])
    assert {who.hex(): name for who, name in roster.people.items()} == case["people"]


def run_envelope(case: Case) -> None:
    keys = keys_by_id(Identity(unhex(case["identity"])))

    opened = open_envelope(unhex(case["envelope"]), keys)

    assert opened == (case["envelope_kind"], unhex(case["plain"]))


def run_invitation(case: Case) -> None:
    data = unhex(case["invitation"])

    welcome = open_invitation(data, case["pin"], case["now_ms"], strength=FOR_TESTS)

    assert welcome.invitation.issued.name == case["person"]
    assert welcome.invitation.issued.secret == unhex(case["secret"])


def run_enrolment(case: Case) -> None:
    enrolment = read_enrolment(unhex(case["enrolment"]))
    issued = Issued(
        invitation_id=enrolment.invitation_id,
        secret=unhex(case["secret"]),
        person=unhex(case["person"]),
        name="",
        role="",
        area="",
        classes=(),
        expires_ms=case["expires_ms"],
    )
    used_by = unhex(case["used_by"]) if case["used_by"] else None

    reason = judge_enrolment(enrolment, issued, used_by, case["now_ms"])

    if reason:
        raise FieldKitError(reason)
    assert enrolment.epoch == unhex(case["epoch"])


def run_receipt(case: Case) -> None:
    key, batch = VerifyKey(unhex(case["receipt_key"])), unhex(case["batch"])
    keys = {key_id(key): key}

    receipt = open_receipt(unhex(case["receipt"]), unhex(case["province"]), keys)

    verdicts = receipt.verdicts({batch})
    assert [run_to_wire(verdict) for verdict in verdicts] == case["verdicts"]


def run_bundle(case: Case) -> None:
    taken: list[bytes] = []
    try:
        for envelope in read_bundle(unhex(case["bundle"])):
            taken.append(envelope)  # noqa: PERF402 - what came before an error counts
    finally:
        assert taken == list(map(unhex, case["envelopes"]))


def run_change(case: Case) -> None:
    change = read_change(unhex(case["change"]))

    identity = identify(change, unhex(case["seed"]))

    assert identity.hash == unhex(case["hash"])
    assert list(identity.leaves) == list(map(unhex, case["leaves"]))
    assert list(identity.records) == list(map(unhex, case["records"]))


def run_batch(case: Case) -> None:
    packed = read_batch(unhex(case["batch"]))
    batch = open_batch(packed)

    key = VerifyKey(unhex(case["verify_key"]))
    verify(key, BATCH_LABEL, batch.hash, packed.signature)

    assert batch.hash == unhex(case["hash"])
    assert [change_bytes(one).hex() for one in batch.changes] == case["changes"]


def run_page(case: Case) -> None:
    data, replica = unhex(case["page"]), MemoryReplica()
    held = [state_from_json(one) for one in case.get("held", ())]
    replica.put_parts(held)
    replica.set_cursor(Cursor(position=10))
    session = a_session(case, replica, unhex(case["epoch"]))

    session.take_page(data)

    page = open_page(data, session.roster.receipt_keys)
    assert replica.cursor().position == page.header.to
    assert sorted(replica.kept.parts.values()) == [
        state_from_json(one) for one in case.get("states", ())
    ]
    assert [[one.hex(), number] for one, number in page.move_outs] == case.get(
        "move_outs", []
    )
    assert [[one[0].hex(), *one[1:]] for one in page.verdicts] == case.get(
        "verdicts", []
    )
    assert [one.hex() for one in page.erased] == case.get("erased", [])


def state_from_json(fields: list[Any]) -> PartState:
    record, form_id, subject, number, position, blob, ordinary = fields
    owner = None if subject is None else unhex(subject)
    home = (unhex(record), form_id, owner, number)
    return PartState(*home, position, unhex(blob), ordinary)


def a_session(case: Case, replica: MemoryReplica, epoch: bytes) -> Session:
    keys = DeviceKeys(epoch=epoch, signing={}, opening={})
    return Session(replica, keys, fold(Roster.empty(), map(unhex, case["roster"])))


def run_request(case: Case) -> None:
    asked = read_request(unhex(case["request"]))

    asked.check(VerifyKey(unhex(case["verify_key"])))

    key = SigningKey(unhex(case["signing_key"]))
    assert sign_request(asked.request, key) == unhex(case["request"])


def run_reply(case: Case) -> None:
    heard = read_reply(unhex(case["reply"]))
    replica = MemoryReplica()

    a_session(case, replica, bytes(16)).take_reply(heard, is_new=True)

    key = SigningKey(unhex(case["signing_key"]))
    assert sign_reply(heard.reply, key) == unhex(case["reply"])
    if isinstance(heard.reply, Answer):
        assert replica.cursor().incarnations == heard.reply.incarnations


RUNNERS: dict[str, Callable[[Case], None]] = {
    "batch": run_batch,
    "bundle": run_bundle,
    "change": run_change,
    "enrolment": run_enrolment,
    "envelope": run_envelope,
    "invitation": run_invitation,
    "page": run_page,
    "receipt": run_receipt,
    "reply": run_reply,
    "request": run_request,
    "roster": run_roster,
}


@pytest.mark.parametrize("case", CASES)
def test_a_wire_vector_turns_out_as_expected(case):
    try:
        RUNNERS[case["kind"]](case)
    except FieldKitError as error:
        outcome = error.code
    else:
        outcome = "success"

    assert outcome == case["expect"]


@pytest.mark.parametrize("name", NAMES)
def test_each_wire_file_has_cases_that_succeed_and_cases_that_fail(name):
    expected = {case["expect"] for case in cases(name)}

    assert "success" in expected
    assert len(expected) > 1


def test_every_kind_of_message_has_a_vector():
    assert {case["kind"] for name in NAMES for case in cases(name)} == RUNNERS.keys()


def test_a_bundle_tells_what_is_wrong_after_what_is_whole():
    whole = next(case for case in cases("wire_bundle") if case["name"] == "whole")

    with pytest.raises(CodecError):
        list(read_bundle(unhex(whole["bundle"])[:-1]))
