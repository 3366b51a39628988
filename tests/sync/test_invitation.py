"""Invitations and enrolments: the right PIN, once; all else waits for a look."""

from dataclasses import replace

import pytest

from fieldkit.codec import decode, encode
from fieldkit.crypto.escrow import FOR_TESTS, NORMAL, stretch
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import Identity, SigningKey
from fieldkit.crypto.secret import lock, mac
from fieldkit.crypto.sign import sign
from fieldkit.errors import (
    AccessError,
    BadSignatureError,
    CodecError,
    CryptoError,
    FieldKitError,
)
from fieldkit.sync.enrolment import (
    certifying_acts,
    judge_enrolment,
    make_enrolment,
    read_enrolment,
)
from fieldkit.sync.invitation import (
    Invitation,
    Issued,
    invitation_act,
    issued_from_wire,
    issued_to_wire,
    make_invitation,
    open_invitation,
)
from fieldkit.sync.roster import Roster, fold, make_entry

NOW = 1_790_000_000_000
DAY = 86_400_000
PIN = "042195"
EPOCH, OTHER_EPOCH = b"epoch of a lapto", b"epoch of another"
INVITER = b"inviter!"


def signing_key(name: str) -> SigningKey:
    return SigningKey(digest("test", name.encode()))


ROOT, ISSUER, DEVICE = signing_key("root"), signing_key("issuer"), signing_key("device")
RECIPIENT = Identity(b"\1" + digest("test", b"seal")).recipient
FIRST_ACTS: list[list[object]] = [
    ["province", "ศปจ. สงขลา", "90", NOW + 900 * DAY],
    ["roots", 1, [ROOT.verify_key.raw]],
    ["issuer", ISSUER.verify_key.raw],
]
ENTRY = make_entry(Roster.empty(), FIRST_ACTS, NOW, [ROOT])
ROSTER = fold(Roster.empty(), [ENTRY])

ISSUED = Issued(
    invitation_id=b"invitation of so",
    secret=digest("test", b"secret"),
    person=b"person-a",
    name="สมศรี ใจดี",
    role="volunteer",
    area="90010203",
    classes=(0, 1),
    expires_ms=NOW + 30 * DAY,
)
INVITATION = Invitation(
    issued=ISSUED,
    roster_entries=(ENTRY,),
    forms=(b"form_id: person\n",),
    lists=(b"list: yes_no\n",),
    server_urls=("https://fieldkit.example",),
)


def made(invitation: Invitation = INVITATION, issuer: SigningKey = ISSUER) -> bytes:
    return make_invitation(invitation, PIN, issuer, FOR_TESTS)


def opened(data: bytes, pin: str = PIN, now_ms: int = NOW, **more: bytes):
    return open_invitation(data, pin, now_ms, strength=FOR_TESTS, **more)


def refusal(data: bytes, **more) -> str:
    with pytest.raises(FieldKitError) as caught:
        opened(data, **more)
    assert isinstance(caught.value, AccessError | CryptoError)
    return caught.value.code


def test_an_invitation_opens_with_its_pin():
    welcome = opened(made())

    assert welcome.invitation == INVITATION
    assert welcome.roster == ROSTER


def test_a_pin_may_be_typed_in_thai_digits():
    assert opened(made(), pin="๐๔๒๑๙๕").invitation == INVITATION


def test_an_invitation_tells_nothing_without_its_pin():
    data = made()

    assert ISSUED.name.encode() not in data
    assert ISSUED.secret not in data
    assert ISSUED.secret.hex() not in repr(INVITATION)


def test_a_wrong_pin_is_told_from_a_damaged_file():
    data = made()

    assert refusal(data, pin="042196") == "invitation.pin"
    assert refusal(data, pin="04219") == "crypto.pin"
    assert refusal(data[:-1]) == "invitation.damaged"
    assert refusal(b"<html>") == "invitation.damaged"
    assert refusal(b"") == "invitation.damaged"


def test_every_flipped_bit_of_an_invitation_is_noticed():
    data = made()
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 1 << place % 8
        assert refusal(bytes(spoilt)) == "invitation.damaged"


def test_an_invitation_expires():
    assert opened(made(), now_ms=ISSUED.expires_ms - 1)
    assert refusal(made(), now_ms=ISSUED.expires_ms) == "invitation.expired"


@pytest.mark.parametrize("language", ["th", "en"])
def test_an_expired_invitation_says_since_when(language):
    with pytest.raises(AccessError) as caught:
        opened(made(), now_ms=ISSUED.expires_ms)

    day = {"th": "21 ต.ค. 2569", "en": "2026-10-21"}
    assert day[language] in caught.value.message(language)


def test_a_laptop_whose_clock_stands_in_1970_opens_it():
    assert opened(made(), now_ms=0).invitation == INVITATION


def test_an_invitation_not_signed_by_an_issuer_is_refused():
    assert refusal(made(issuer=signing_key("stranger"))) == "invitation.damaged"


def test_an_invitation_with_a_spoilt_roster_is_refused():
    other = make_entry(Roster.empty(), FIRST_ACTS, NOW, [ISSUER])

    spoilt = replace(INVITATION, roster_entries=(other,))

    assert refusal(made(spoilt)) == "invitation.damaged"
    assert refusal(made(replace(INVITATION, roster_entries=()))) == "invitation.damaged"


def test_what_a_newer_province_wrote_inside_is_not_guessed_at():
    salt = b"sixteen bytes..."
    body = encode([2, *issued_to_wire(ISSUED), [ENTRY], [], [], []])
    signed = [body, ISSUER.verify_key.fingerprint[:8], b""]
    key = stretch(PIN, salt, FOR_TESTS)
    locked = lock(key, "fieldkit/invitation/1", encode(signed))
    check = digest("fieldkit/invitation-check/1", salt, encode([64, 1, 1]), locked)[:8]

    file = encode([b"FKI1", salt, [64, 1, 1], locked, check])

    assert refusal(file) == "invitation.damaged"


def test_the_card_s_fingerprint_is_compared_where_there_is_one():
    data = made()

    assert opened(data, province=ROSTER.fingerprint).roster == ROSTER
    assert refusal(data, province=b"another province") == "invitation.damaged"


def test_a_cheap_pin_is_not_tried():
    with pytest.raises(AccessError) as caught:
        open_invitation(made(), PIN, NOW, strength=NORMAL)

    assert caught.value.code == "invitation.damaged"


def test_no_salt_serves_two_invitations():
    assert made()[10:26] != made()[10:26]


@pytest.mark.parametrize(
    "change", [{"area": "songkhla"}, {"classes": (9,)}, {"name": ""}, {"person": b""}]
)
def test_what_no_roster_could_grant_is_not_offered(change):
    bad = replace(ISSUED, **change)

    with pytest.raises(CodecError):
        made(replace(INVITATION, issued=bad))
    with pytest.raises(CodecError):
        issued_from_wire(issued_to_wire(bad))


def test_an_offer_is_kept_as_it_was():
    assert issued_from_wire(issued_to_wire(ISSUED)) == ISSUED


# --- Enrolment ------------------------------------------------------------------------


def enrolled(issued: Issued = ISSUED, epoch: bytes = EPOCH):
    return read_enrolment(make_enrolment(issued, epoch, DEVICE, RECIPIENT))


def test_an_enrolment_says_whose_keys_these_are():
    enrolment = enrolled()

    assert (enrolment.person, enrolment.epoch) == (ISSUED.person, EPOCH)
    assert enrolment.verify_key == DEVICE.verify_key
    assert enrolment.recipient == RECIPIENT


def test_the_first_use_is_certified_and_then_rules():
    acts = certifying_acts(ISSUED, enrolled())

    roster = fold(ROSTER, [make_entry(ROSTER, acts, NOW, [ISSUER])])

    assert judge_enrolment(enrolled(), ISSUED, None, NOW) == ""
    assert roster.people == {ISSUED.person: ISSUED.name}
    assert roster.devices[EPOCH].verify_key == DEVICE.verify_key
    assert roster.devices[EPOCH].recipient == RECIPIENT
    assert roster.scope(ISSUED.person).covers("90010203", 1)
    assert not roster.scope(ISSUED.person).covers("90010203", 2)


def test_the_same_enrolment_again_is_no_second_use():
    late = ISSUED.expires_ms + DAY

    assert judge_enrolment(enrolled(), ISSUED, EPOCH, NOW) == ""
    assert judge_enrolment(enrolled(), ISSUED, EPOCH, late) == ""


def test_one_invitation_on_two_laptops_waits_for_a_look():
    second = enrolled(epoch=OTHER_EPOCH)

    assert judge_enrolment(second, ISSUED, EPOCH, NOW) == "invitation.used"


def test_an_unknown_invitation_waits_for_a_look():
    other = replace(ISSUED, person=b"person-b")

    assert judge_enrolment(enrolled(), None, None, NOW) == "invitation.unknown"
    assert judge_enrolment(enrolled(), other, None, NOW) == "invitation.unknown"


def test_a_late_first_use_waits_for_a_look():
    late = ISSUED.expires_ms

    assert judge_enrolment(enrolled(), ISSUED, None, late) == "invitation.expired"


def test_who_does_not_hold_the_secret_is_not_certified():
    guess = replace(ISSUED, secret=bytes(32))

    assert judge_enrolment(enrolled(guess), ISSUED, None, NOW) == "crypto.mac"


def test_the_keys_of_an_enrolment_cannot_be_exchanged():
    thief = signing_key("thief")
    data = make_enrolment(ISSUED, EPOCH, DEVICE, RECIPIENT)
    items = decode(data, bytes_max=9999)
    items[4] = thief.verify_key.raw
    items[8] = sign(thief, "fieldkit/enrol/1", encode(items[:8]))

    stolen = read_enrolment(encode(items))

    assert judge_enrolment(stolen, ISSUED, None, NOW) == "crypto.mac"


def test_who_names_a_key_must_hold_it():
    items = decode(make_enrolment(ISSUED, EPOCH, DEVICE, RECIPIENT), bytes_max=9999)
    items[4] = signing_key("not mine").verify_key.raw
    items[7] = mac(ISSUED.secret, "fieldkit/enrol-proof/1", encode(items[:7]))

    with pytest.raises(BadSignatureError):
        read_enrolment(encode(items))


def test_every_flipped_bit_of_an_enrolment_is_noticed():
    data = make_enrolment(ISSUED, EPOCH, DEVICE, RECIPIENT)
    for place in range(len(data) * 8):
        spoilt = bytearray(data)
        spoilt[place // 8] ^= 1 << place % 8
        with pytest.raises((CodecError, CryptoError)):
            read_enrolment(bytes(spoilt))


def test_everyone_may_know_of_an_invitation_but_not_its_secret():
    act = invitation_act(ISSUED, INVITER)

    roster = fold(ROSTER, [make_entry(ROSTER, [act], NOW, [ISSUER])])

    notice = roster.invitations[ISSUED.invitation_id]
    assert (notice.name, notice.inviter) == (ISSUED.name, INVITER)
    assert ISSUED.secret not in encode(act)
