"""The roster: who may sign what, what a fold gives, and what it refuses."""

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.errors import AccessError, CodecError
from fieldkit.sync.entries import cosign, read_entry
from fieldkit.sync.envelope import key_id
from fieldkit.sync.roster import Roster, fold, make_entry, unfold
from fieldkit.sync.scope import NOTHING, Scope, union

NOW = 1_790_000_000_000
ANN, BOB = b"person-a", b"person-b"
EPOCH = b"epoch of a lapto"


def signing_key(name: str) -> SigningKey:
    return SigningKey(digest("test", name.encode()))


def identity(name: str, suite: Suite = Suite.X25519) -> Identity:
    raw = digest("test", name.encode()) * (1 if suite is Suite.X25519 else 3)
    return Identity(bytes((suite,)) + raw)


ROOTS = [signing_key(f"root {n}") for n in range(3)]
ISSUER, RECEIPTS = signing_key("issuer"), signing_key("receipts")
SEALING, DEVICE = identity("sealing"), identity("device")


def root_publics() -> list[bytes]:
    return [key.verify_key.raw for key in ROOTS]


def first_acts() -> list[list[object]]:
    return [
        ["province", "ศปจ. สงขลา", "90", NOW + 1],
        ["roots", 2, root_publics()],
        ["issuer", ISSUER.verify_key.raw],
        ["receipt_key", RECEIPTS.verify_key.raw],
        ["sealing_key", 1, SEALING.recipient.raw[1:]],
    ]


@dataclass
class Log:
    """A roster that grows, with its entries."""

    roster: Roster
    entries: list[bytes]

    def say(self, *acts: list[object], by: list[SigningKey] | None = None) -> Roster:
        signers = [ISSUER] if by is None else by
        entry = make_entry(self.roster, acts, NOW, signers)
        self.roster = fold(self.roster, [entry])
        self.entries.append(entry)
        return self.roster


@pytest.fixture
def log() -> Log:
    entry = make_entry(Roster.empty(), first_acts(), NOW, ROOTS[:2])
    return Log(fold(Roster.empty(), [entry]), [entry])


def enrol(log: Log) -> Roster:
    publics = signing_key("device").verify_key.raw, 1, DEVICE.recipient.raw[1:]
    return log.say(["person", ANN, "สมศรี"], ["epoch", EPOCH, ANN, *publics])


# --- Signatures -----------------------------------------------------------------------


def test_a_province_is_known_by_its_first_roots(log):
    renewed = [signing_key("new root").verify_key.raw]

    after = log.say(["roots", 1, renewed], by=ROOTS[1:])

    assert len(log.roster.fingerprint) == 16
    assert after.fingerprint == fold(Roster.empty(), log.entries[:1]).fingerprint
    assert after.threshold == 1


@pytest.mark.parametrize("signers", [[], ROOTS[:1], [ROOTS[0], ROOTS[0]], [ISSUER]])
def test_a_first_entry_needs_two_of_three_roots(signers):
    entry = make_entry(Roster.empty(), first_acts(), NOW, signers)

    with pytest.raises(AccessError) as caught:
        fold(Roster.empty(), [entry])

    assert caught.value.code == "roster.signature"


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2)])
def test_any_two_of_three_roots_do(pair):
    signers = [ROOTS[n] for n in pair]

    roster = fold(
        Roster.empty(), [make_entry(Roster.empty(), first_acts(), NOW, signers)]
    )

    assert roster.version == 1
    assert roster.sealing == {Suite.X25519: SEALING.recipient}


def test_a_first_entry_without_roots_is_refused():
    entry = make_entry(Roster.empty(), first_acts()[:1], NOW, ROOTS)

    with pytest.raises(AccessError):
        fold(Roster.empty(), [entry])


@pytest.mark.parametrize(
    "act",
    [
        ["roots", 1, [ISSUER.verify_key.raw]],
        ["issuer", signing_key("x").verify_key.raw],
        ["receipt_key", signing_key("x").verify_key.raw],
        ["sealing_key", 1, DEVICE.recipient.raw[1:]],
        ["recovery_key", 1, DEVICE.recipient.raw[1:]],
    ],
)
def test_the_issuer_alone_changes_no_key(log, act):
    for signers in ([ISSUER], [ISSUER, ROOTS[0]]):
        with pytest.raises(AccessError) as caught:
            log.say(act, by=signers)
        assert caught.value.code == "roster.signature"

    assert log.say(act, by=ROOTS[:2]).version == 2


def test_a_root_act_hidden_among_others_needs_the_roots(log):
    with pytest.raises(AccessError):
        log.say(["person", ANN, "สมศรี"], ["issuer", signing_key("x").verify_key.raw])


def test_new_roots_are_signed_by_the_old_ones_and_then_rule(log):
    new = signing_key("new root")
    with pytest.raises(AccessError):
        log.say(["roots", 1, [new.verify_key.raw]], by=[new])

    log.say(["roots", 1, [new.verify_key.raw]], by=ROOTS[:2])

    with pytest.raises(AccessError):
        log.say(["issuer", new.verify_key.raw], by=ROOTS)
    assert log.say(["issuer", new.verify_key.raw], by=[new]).version == 3


def test_a_withdrawn_issuer_signs_no_more(log):
    other = signing_key("other issuer")

    log.say(["issuer", other.verify_key.raw], by=ROOTS[:2])

    with pytest.raises(AccessError):
        log.say(["person", ANN, "สมศรี"], by=[ISSUER])
    assert log.say(["person", ANN, "สมศรี"], by=[other]).people == {ANN: "สมศรี"}


def test_a_strangers_signature_counts_for_nothing(log):
    with pytest.raises(AccessError):
        log.say(["person", ANN, "สมศรี"], by=[signing_key("stranger")])


def test_holders_of_root_keys_sign_one_after_another():
    entry = make_entry(Roster.empty(), first_acts(), NOW, ROOTS[:1])

    both = cosign(entry, ROOTS[2])

    assert fold(Roster.empty(), [both]).version == 1
    assert read_entry(both).hash == read_entry(entry).hash
    assert cosign(both, ROOTS[2]) == both


def test_every_flipped_bit_of_an_entry_is_refused_or_means_the_same(log):
    enrol(log)
    start, entry = unfold(log.entries[:1]), log.entries[1]
    for place in range(len(entry) * 8):
        spoilt = bytearray(entry)
        spoilt[place // 8] ^= 1 << place % 8
        with pytest.raises((AccessError, CodecError)):
            fold(start, [bytes(spoilt)])


# --- Order ----------------------------------------------------------------------------


def test_an_entry_seen_twice_changes_nothing(log):
    enrol(log)

    assert fold(log.roster, log.entries) == log.roster
    assert fold(Roster.empty(), reversed(log.entries)) == log.roster


def test_another_entry_with_a_number_already_seen_is_a_fork(log):
    before = log.roster
    log.say(["person", ANN, "สมศรี"])
    other = make_entry(before, [["person", BOB, "บุญมา"]], NOW, [ISSUER])

    with pytest.raises(AccessError) as caught:
        fold(log.roster, [other])

    assert caught.value.code == "roster.fork"


def test_an_entry_that_follows_another_history_is_a_fork(log):
    other = Log(log.roster, [])
    log.say(["person", ANN, "สมศรี"])
    other.say(["person", BOB, "บุญมา"])
    other.say(["person", ANN, "สมศรี"])

    with pytest.raises(AccessError) as caught:
        fold(log.roster, other.entries[1:])

    assert caught.value.code == "roster.fork"


def test_a_missing_entry_is_waited_for(log):
    start = log.roster
    enrol(log)
    log.say(["person", BOB, "บุญมา"])

    with pytest.raises(AccessError) as caught:
        fold(start, log.entries[2:])

    assert caught.value.code == "roster.gap"


def test_an_older_roster_told_as_the_newest_is_an_alarm(log):
    log.say(["person", ANN, "สมศรี"])
    old = unfold(log.entries[:1])

    with pytest.raises(AccessError) as caught:
        log.roster.check_head(old.version, old.head_hash)
    assert caught.value.code == "roster.rollback"
    with pytest.raises(AccessError) as caught:
        log.roster.check_head(log.roster.version, old.head_hash)
    assert caught.value.code == "roster.fork"

    log.roster.check_head(log.roster.version, log.roster.head_hash)
    log.roster.check_head(log.roster.version + 1)


def test_what_was_verified_once_folds_the_same_without_verifying(log):
    enrol(log)

    assert unfold(log.entries) == log.roster


# --- Acts -----------------------------------------------------------------------------


def sign_raw(roster: Roster, acts: list[object]) -> bytes:
    """Return an entry with acts that this program would not write."""
    plain = make_entry(roster, [], NOW, [])
    body, _ = decode(plain, bytes_max=9999)
    version, number, previous, issued, _ = decode(body, bytes_max=9999)
    body = encode([version, number, previous, issued, acts])
    return cosign(encode([body, []]), ISSUER)


@pytest.mark.parametrize(
    "act",
    [
        ["lease", 180],
        ["grant", ANN, "volunteer", "90", [0], "from a newer program"],
        ["grant", ANN, "volunteer", "9", [0]],
        ["grant", ANN, "volunteer", "90", [99]],
        ["epoch", EPOCH, ANN, bytes(32), 99, bytes(40)],
        [],
        [7],
    ],
)
def test_acts_of_a_newer_program_are_kept_and_ignored(log, act):
    known = ["person", BOB, "บุญมา"]

    after = fold(log.roster, [sign_raw(log.roster, [act, known])])

    assert after == replace(
        log.roster, version=2, hashes=after.hashes, people={BOB: "บุญมา"}
    )
    with pytest.raises(CodecError):
        make_entry(log.roster, [act], NOW, [ISSUER])


def test_a_device_is_certified_once_and_its_keys_stay(log):
    enrol(log)
    thief = signing_key("thief").verify_key.raw
    log.say(["epoch", EPOCH, BOB, thief, 1, SEALING.recipient.raw[1:]])

    device = log.roster.devices[EPOCH]

    assert (device.person, device.since) == (ANN, 2)
    assert device.verify_key == signing_key("device").verify_key
    assert device.recipient == DEVICE.recipient
    assert log.roster.devices_of(ANN) == (device,)
    assert log.roster.devices_of(BOB) == ()


def test_a_revoked_device_is_believed_up_to_the_named_batches(log):
    enrol(log)
    heads = [digest("test", b"batch")]

    log.say(["revoke_epoch", EPOCH, []])
    log.say(["revoke_epoch", EPOCH, heads])
    log.say(["revoke_epoch", b"never certified!", []])

    device = log.roster.devices[EPOCH]
    assert device.revoked == tuple(heads)
    assert device.revoked_at == 3
    assert list(log.roster.devices) == [EPOCH]


def test_the_newest_sealing_key_is_used_and_the_old_ones_are_known(log):
    newer, hybrid = identity("newer"), identity("hybrid", Suite.HYBRID)

    log.say(
        ["sealing_key", 1, newer.recipient.raw[1:]],
        ["sealing_key", 2, hybrid.recipient.raw[1:]],
        by=ROOTS[:2],
    )

    assert log.roster.sealing == {
        Suite.X25519: newer.recipient,
        Suite.HYBRID: hybrid.recipient,
    }
    every = [SEALING, newer, hybrid]
    assert log.roster.sealing_ids == {key_id(one.recipient) for one in every}


def test_a_published_form_never_changes(log):
    first, second = digest("test", b"1"), digest("test", b"2")

    log.say(["form", "person", 1, first], ["list", "yes_no", 1, first])
    log.say(["form", "person", 1, second], ["list", "yes_no", 1, second])

    assert log.roster.forms == {("person", 1): first}
    assert log.roster.lists == {("yes_no", 1): first}


def test_villages_and_invitations_are_listed(log):
    log.say(
        ["area", "90010203", "บ้านนา", "Ban Na"],
        ["invitation", EPOCH, "volunteer", "9001", "สมศรี", NOW, BOB],
    )

    assert log.roster.areas == {"90010203": ("บ้านนา", "Ban Na")}
    assert log.roster.invitations[EPOCH].inviter == BOB
    assert log.roster.name == "ศปจ. สงขลา"
    assert log.roster.area == "90"
    assert list(log.roster.receipt_keys) == [key_id(RECEIPTS.verify_key)]


# --- Scopes ---------------------------------------------------------------------------


def test_a_scope_is_areas_times_classes_over_all_roles(log):
    log.say(
        ["grant", ANN, "volunteer", "900102", [0, 1]],
        ["grant", ANN, "officer", "9002", [0, 1, 2]],
    )

    scope = log.roster.scope(ANN)

    assert scope.covers("90010203", 1)
    assert not scope.covers("90010203", 2)
    assert scope.covers("90020101", 2)
    assert not scope.covers("9003")
    assert scope.covers_any(["9003", "9002"], 0)
    assert scope.classes == (0, 1, 2)
    assert not log.roster.scope(ANN, role="volunteer").covers("9002")
    assert log.roster.scope(BOB) == NOTHING
    assert not log.roster.scope(BOB).covers("90", 0)
    assert log.roster.roles(ANN) == {"volunteer", "officer"}


def test_scopes_are_remembered_for_every_version(log):
    log.say(["grant", ANN, "volunteer", "9001", [0]])
    log.say(["person", ANN, "สมศรี"])
    log.say(["grant", ANN, "volunteer", "9002", [0]])
    log.say(["withdraw_grant", ANN, "volunteer", "9001"])
    log.say(["grant", ANN, "volunteer", "9002", [0, 1]])
    roster = log.roster
    first, both = Scope.of([("9001", [0])]), Scope.of([("9001", [0]), ("9002", [0])])
    second, wider = Scope.of([("9002", [0])]), Scope.of([("9002", [0, 1])])

    history = [roster.scope(ANN, at=version) for version in range(1, 8)]

    assert history == [NOTHING, first, first, both, second, wider, wider]
    assert roster.scopes_between(ANN, 1, 6) == (NOTHING, first, both, second, wider)
    assert roster.scopes_between(ANN, 2, 3) == (first,)
    assert roster.scopes_between(ANN, 3, 5) == (first, both, second)
    assert roster.scope_ever(ANN, 2, 6).covers("9001", 0)
    assert not roster.scope_ever(ANN, 5, 6).covers("9001", 0)


GRANTS = st.tuples(
    st.sampled_from(["grant", "withdraw_grant"]),
    st.sampled_from(["volunteer", "officer"]),
    st.sampled_from(["90", "9001", "900101", "9002"]),
    st.lists(st.integers(0, 2), min_size=1, unique=True).map(sorted),
)


@given(st.lists(GRANTS, max_size=8), st.data())
def test_scopes_between_are_the_scopes_at_each_version(acts, data):
    roster = fold(
        Roster.empty(), [make_entry(Roster.empty(), first_acts(), NOW, ROOTS)]
    )
    for kind, role, area, classes in acts:
        more = [classes] if kind == "grant" else []
        act = [kind, ANN, role, area, *more]
        roster = fold(roster, [make_entry(roster, [act], NOW, [ISSUER])])
    since = data.draw(st.integers(1, roster.version))
    until = data.draw(st.integers(since, roster.version))

    scopes = roster.scopes_between(ANN, since, until)

    each = [roster.scope(ANN, at=version) for version in range(since, until + 1)]
    kept = each[:1] + [after for before, after in pairwise(each) if before != after]
    assert list(scopes) == kept
    assert union(scopes) == roster.scope_ever(ANN, since, until) == union(each)


@given(
    st.lists(
        st.tuples(
            st.text("0123456789", max_size=4), st.lists(st.integers(0, 4), max_size=3)
        ),
        max_size=6,
    ),
    st.text("0123456789", max_size=6),
    st.integers(0, 4),
)
def test_a_scope_covers_what_one_of_its_grants_covers(grants, area, number):
    scope = Scope.of(grants)

    found = [numbers for prefix, numbers in grants if area.startswith(prefix)]

    assert scope.covers(area, number) == any(number in numbers for numbers in found)
    assert scope.covers(area) == any(found)
    assert bool(scope) == any(numbers for _, numbers in grants)
