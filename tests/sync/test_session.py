"""The session: two peers in one process, with everything lost that can be."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from fieldkit.errors import (
    AccessError,
    BadSignatureError,
    LocalProtocolError,
    RemoteProtocolError,
)
from fieldkit.sync.asking import Send
from fieldkit.sync.envelope import Kind, seal_envelope
from fieldkit.sync.messages import read_request, sign_reply
from fieldkit.sync.pages import (
    PageContent,
    PageHeader,
    open_page,
    pack_page,
    sign_page,
)
from fieldkit.sync.receipts import Verdict
from fieldkit.sync.roster import make_entry
from sync_server.core import paging
from tests.simulation.memory import Kept
from tests.simulation.province import PlainSeals, Town
from tests.sync.peers import Laptop, answer, answer_of, never


@pytest.fixture
def town() -> Town:
    return Town(Random(7))


@pytest.fixture
def ours(town: Town) -> Laptop:
    return Laptop.enrolled(town)


@pytest.fixture
def theirs(town: Town) -> Laptop:
    return Laptop.enrolled(town, role="coordinator")


def codes_of(laptop: Laptop) -> list[str]:
    return [message.what for message in laptop.sent]


def page_from(laptop: Laptop, after: int, base: int = 0, head: int = 0) -> bytes:
    """Return an opened page for a laptop, as a courier might bring it."""
    window = paging.Window(base, after, head)
    envelope = laptop.town.core.page(laptop.author.epoch, window)
    assert envelope is not None
    session = laptop.session()
    opened: list[bytes] = []
    session.take_page = opened.append  # type: ignore[assignment, method-assign]
    session.receive_mail(envelope)
    return opened[0]


# --- The ordinary day ---


def test_what_one_saved_the_other_sees(ours: Laptop, theirs: Laptop) -> None:
    record = ours.new_person("สมหญิง")

    ours.sync()
    theirs.sync()

    assert ours.said(record) == theirs.said(record) == [("สมหญิง", "applied")]
    assert ours.replica.digest() == theirs.replica.digest() != bytes(32)
    assert list(ours.replica.outgoing()) == []
    assert ours.replica.is_absorbed(1)


def test_fields_that_do_not_clash_merge_and_the_others_stand_side_by_side(
    ours: Laptop, theirs: Laptop
) -> None:
    record = ours.new_person("สมชาย")
    ours.sync()
    theirs.sync()
    ours.edit(record, name="สมชาย ก", phone="1")
    theirs.edit(record, name="สมชาย ข", illness="none")

    for laptop in (ours, theirs, ours):
        laptop.sync()

    names = [("สมชาย ก", "applied"), ("สมชาย ข", "applied")]
    for laptop in (ours, theirs):
        assert laptop.said(record) == names
        assert laptop.said(record, "phone") == [("1", "applied")]
        assert laptop.said(record, "illness") == [("none", "applied")]
    assert ours.replica.digest() == theirs.replica.digest()


def test_the_author_whose_value_was_not_kept_is_told_once(
    ours: Laptop, theirs: Laptop
) -> None:
    record = ours.new_person("สมชาย")
    ours.sync()
    theirs.sync()
    saved = theirs.author.edit(theirs.open(record), {"name": "สมชัย"})
    theirs.keep(saved)

    for laptop in (theirs, ours, ours):
        laptop.sync()

    (notice,) = ours.replica.notices().values()
    assert notice.record_id == record
    assert notice.registers == ("name",)
    assert notice.person == theirs.author.person
    assert theirs.replica.notices() == {}


def test_whoever_changed_their_own_value_is_told_nothing(ours: Laptop) -> None:
    record = ours.new_person()
    ours.sync()
    ours.edit(record, name="อีกชื่อ")

    ours.sync()

    assert ours.replica.notices() == {}


def test_a_sync_with_nothing_to_do_is_one_request(ours: Laptop) -> None:
    ours.new_person()
    ours.sync()
    ours.sent.clear()

    ours.sync()

    assert codes_of(ours) == ["sync"]


def test_roster_and_forms_come_with_the_answer(ours: Laptop, town: Town) -> None:
    session = ours.sync()

    assert session.roster.head_hash == town.roster.head_hash
    assert list(ours.replica.roster_entries()) == town.ledger.entries
    assert dict(ours.replica.form_texts()) == town.ledger.texts


def test_two_envelopes_may_be_under_way_and_pages_wait_for_both(
    ours: Laptop, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldkit.sync.cutting.CHANGES_MAX", 1)
    ours.new_person("a")
    ours.new_person("b")
    session = ours.session()
    session.cut()
    ask = session.next_message()
    assert ask is not None
    session.receive(ask, answer_of(town, ask))

    one, two, three = (session.next_message() for _ in range(3))

    assert one is not None
    assert two is not None
    assert [one.what, two.what, three] == ["envelope", "envelope", None]
    assert not session.is_done
    session.receive(two, answer_of(town, two))
    session.receive(one, answer_of(town, one))
    assert (page := session.next_message()) is not None
    assert page.what == "page"


# --- Everything may be lost ---


@pytest.mark.parametrize("nth", range(8))
def test_a_lost_answer_costs_nothing_but_another_sync(
    ours: Laptop, theirs: Laptop, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PARTS_MAX", 1)
    theirs.new_person("ของเขา")
    theirs.sync()
    record = ours.new_person("ของเรา")
    lost = iter(range(100))

    ours.sync(lose=lambda _: next(lost) == nth)
    ours.sync()
    theirs.sync()

    assert ours.said(record) == theirs.said(record) == [("ของเรา", "applied")]
    assert ours.replica.digest() == theirs.replica.digest()


def test_what_is_sent_again_is_the_same_bytes(ours: Laptop) -> None:
    ours.new_person()
    ours.sync(lose=lambda message: message.what == "envelope")
    ours.replica.kept.judged.clear()

    session = ours.session()

    assert session.cut() == []
    first = [message.data for message in ours.sent if message.what == "envelope"]
    assert [batch.envelope for batch in ours.replica.outgoing()] == first


def test_after_a_lost_receipt_the_batch_is_not_sent_again(ours: Laptop) -> None:
    ours.new_person()
    ours.sync(lose=lambda message: message.what == "envelope")

    ours.sync()

    assert codes_of(ours).count("envelope") == 1
    assert list(ours.replica.outgoing()) == []


def test_a_lost_message_is_handed_out_again(ours: Laptop, town: Town) -> None:
    session = ours.session()
    first = session.next_message()
    assert first is not None

    session.lost(first)

    again = session.next_message()
    assert again is not None
    assert again.what == "sync"
    session.receive(again, answer_of(town, again))


@pytest.mark.parametrize("what", ["sync", "envelope", "page"])
def test_a_login_page_instead_of_an_answer_changes_nothing(
    ours: Laptop, town: Town, what: str
) -> None:
    record = ours.new_person()
    session = ours.session()
    session.cut()
    while (message := session.next_message()) is not None and message.what != what:
        session.receive(message, answer_of(town, message))
    before = ours.replica.kept.copy()
    assert message is not None

    with pytest.raises(RemoteProtocolError) as caught:
        session.receive(message, b"<!DOCTYPE html><html><body>Log in</body></html>")

    assert caught.value.code == "sync.not_an_answer"
    assert ours.replica.kept == before
    ours.sync()
    assert ours.said(record) == [("สมชาย", "applied")]


# --- Pages and their ranges ---


def test_a_page_applied_twice_changes_nothing(ours: Laptop, theirs: Laptop) -> None:
    theirs.new_person()
    theirs.sync()
    ours.sync()
    page = page_from(ours, after=0)
    ours.replica.kept.parts.clear()

    ours.session().take_page(page)

    assert ours.replica.kept.parts == {}


def test_a_page_that_leaves_a_gap_is_not_applied(ours: Laptop, theirs: Laptop) -> None:
    theirs.new_person()
    theirs.sync()
    after = theirs.replica.cursor().position
    theirs.new_person()
    theirs.sync()
    session = ours.session()
    first = session.next_message()
    assert first is not None
    session.receive(first, answer_of(ours.town, first))

    session.take_page(page_from(ours, after=after))

    assert ours.replica.kept.parts == {}
    assert ours.replica.cursor().position == 0


def test_pages_up_to_one_head_become_visible_together(
    ours: Laptop, theirs: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PARTS_MAX", 1)
    for name in "abc":
        theirs.new_person(name)
    theirs.sync()
    seen: list[int] = []

    def watch(message: Send) -> bool:
        seen.append(len(ours.replica.kept.parts))
        return never(message)

    ours.sync(lose=watch)

    assert set(seen) == {0}
    assert codes_of(ours).count("page") > 1
    assert ours.replica.digest() == theirs.replica.digest()


def test_a_page_for_another_laptop_is_refused(ours: Laptop, theirs: Laptop) -> None:
    theirs.new_person()
    theirs.sync()
    ours.sync()

    with pytest.raises(RemoteProtocolError) as caught:
        ours.session().take_page(page_from(theirs, after=0))

    assert caught.value.code == "sync.other_device"


def test_what_is_only_named_and_not_held_is_asked_for_whole(
    ours: Laptop, theirs: Laptop
) -> None:
    record = theirs.new_person("สมชาย")
    theirs.sync()
    ours.sync()
    theirs.edit(record, phone="1")
    theirs.sync()
    ours.replica.kept.parts.clear()

    ours.sync()

    assert ours.said(record) == [("สมชาย", "applied")]
    assert ours.said(record, "phone") == [("1", "applied")]


def test_a_quarantined_value_stands_beside_and_hides_nothing(
    town: Town, ours: Laptop
) -> None:
    record = ours.new_person("สมชาย")
    ours.sync()
    batch = next(iter(ours.replica.kept.batches))
    held = Verdict(batch, 0, 1, "quarantined", town.storage.head() + 1, "revoked")
    ours.session()
    ours.replica.kept.absorbed.clear()

    ours.replica.take_verdicts([held])

    assert ("สมชาย", "quarantined") in ours.said(record)


def test_a_withdrawn_area_moves_out(town: Town, ours: Laptop, theirs: Laptop) -> None:
    near = ours.new_person("ใกล้", "90110101")
    far = ours.new_person("ไกล", "90120101")
    ours.sync()
    town.issue(["withdraw_grant", ours.author.person, "volunteer", "90"])
    town.grant(ours.author.person, "9011")

    ours.sync()

    assert ours.replica.records() == {near}
    theirs.sync()
    assert theirs.replica.records() == {near, far}


# --- A relay, a courier ---


def test_a_relay_only_stores_and_nothing_is_accepted(ours: Laptop) -> None:
    record = ours.new_person()
    session = ours.session(relay_only=True)
    session.cut()
    message = session.next_message()
    assert message is not None

    session.stored(message)

    assert message.what == "envelope"
    assert session.is_done
    assert [batch.state for batch in ours.replica.outgoing()] == ["stored"]
    assert ours.said(record) == [("สมชาย", "local")]
    assert ours.session(relay_only=True).next_message() is None


def test_what_a_relay_lost_is_sent_to_the_province_again(ours: Laptop) -> None:
    ours.new_person()
    session = ours.session(relay_only=True)
    session.cut()
    message = session.next_message()
    assert message is not None
    session.stored(message)

    ours.sync()

    assert list(ours.replica.outgoing()) == []


def test_pages_that_a_courier_brings_are_applied(ours: Laptop, theirs: Laptop) -> None:
    record = theirs.new_person()
    theirs.sync()
    town = ours.town
    session = ours.session()
    ask = session.next_message()
    assert ask is not None
    late = answer_of(town, ask)
    envelope = town.core.page(ours.author.epoch, paging.Window(0, 0, 0))
    assert envelope is not None

    ours.session().receive_mail(late)
    ours.session().receive_mail(envelope)
    ours.session().receive_mail(late)

    assert ours.said(record) == [("สมชาย", "applied")]


def test_a_question_for_a_courier_opens_as_a_sync_request(ours: Laptop) -> None:
    envelope = ours.session().ask()

    taken = ours.town.take(envelope)

    assert taken.kind == Kind.ASK
    signed = read_request(taken.plain)
    signed.check(ours.author.key.verify_key)
    assert signed.request.epoch == ours.author.epoch


# --- Another log ---


def restored(town: Town, shared: int) -> None:
    """Let the town tell of a new incarnation that began after ``shared``."""
    town.ledger.logs.append((len(town.ledger.logs) + 1, shared))


def hear(laptop: Laptop, **said: object) -> None:
    """Ask, and be answered what is ``said``."""
    session = laptop.session()
    message = session.next_message()
    assert message is not None
    nonce = read_request(message.data).request.nonce
    reply = answer(laptop.town, nonce, **said)
    session.receive(message, sign_reply(reply, laptop.town.receipt))


def test_over_a_new_log_everything_beyond_the_shared_position_is_sent_again(
    town: Town, ours: Laptop
) -> None:
    record = ours.new_person()
    ours.sync()
    shared = ours.replica.cursor().position - 1
    restored(town, shared)

    hear(ours, head=shared)

    assert ours.replica.cursor().position == shared
    assert ours.replica.in_doubt()
    assert len(ours.replica.outgoing()) == 1
    assert ours.said(record) == [("สมชาย", "local")]


def test_a_page_of_a_dead_log_is_ignored(
    town: Town, ours: Laptop, theirs: Laptop
) -> None:
    theirs.new_person()
    theirs.sync()
    ours.sync()
    dead = page_from(ours, after=0)
    restored(town, 1)
    hear(ours, head=1)
    ours.replica.kept.parts.clear()

    ours.session().take_page(dead)

    assert ours.replica.kept.parts == {}
    assert ours.replica.cursor().position == 1


def test_after_a_new_log_digests_must_agree_and_ghosts_move_out(
    town: Town, ours: Laptop, theirs: Laptop
) -> None:
    theirs.new_person("อยู่จริง")
    theirs.sync()
    ours.sync()
    ghost = next(iter(ours.replica.kept.parts.values()))
    ghost = ghost._replace(record_id=b"g" * 16)
    ours.replica.put_parts([ghost])
    restored(town, ours.replica.cursor().position)

    ours.sync()
    ours.sync()

    assert not ours.replica.in_doubt()
    assert b"g" * 16 not in ours.replica.records()
    assert ours.replica.digest() == theirs.replica.digest()


def test_what_differs_after_a_new_log_is_fetched_again(
    town: Town, ours: Laptop, theirs: Laptop
) -> None:
    record = theirs.new_person()
    theirs.sync()
    ours.sync()
    ours.replica.kept.parts.clear()
    restored(town, ours.replica.cursor().position)

    ours.sync()
    ours.sync()

    assert ours.said(record) == [("สมชาย", "applied")]
    assert not ours.replica.in_doubt()


@pytest.fixture
def unharmed(ours: Laptop) -> Iterator[Kept]:
    """Check that a test which follows a first sync changes nothing."""
    ours.new_person()
    ours.sync()
    before = ours.replica.kept.copy()
    yield before
    assert ours.replica.kept == before


@pytest.mark.usefixtures("unharmed")
def test_a_log_that_shrank_without_a_new_incarnation_is_an_alarm(ours: Laptop) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        hear(ours, head=1)

    assert caught.value.code == "sync.log_shrank"


@pytest.mark.usefixtures("unharmed")
def test_a_forked_log_is_an_alarm(ours: Laptop) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        hear(ours, incarnations=((2, 0),))

    assert caught.value.code == "sync.forked_log"


@pytest.mark.usefixtures("unharmed")
def test_a_forked_roster_is_an_alarm(town: Town, ours: Laptop) -> None:
    earlier = ours.session().roster
    other = make_entry(earlier, [["person", b"x" * 8, "x"]], 5, [town.issuer])
    town.issue(["person", b"y" * 8, "y"])
    hear_first = ours.session()
    message = hear_first.next_message()
    assert message is not None
    forged = replace(
        answer(town, message.name), roster_entries=(other, town.ledger.entries[-1])
    )

    with pytest.raises(AccessError):
        hear_first.receive(message, sign_reply(forged, town.receipt))


@pytest.mark.usefixtures("unharmed")
def test_an_answer_signed_by_a_stranger_is_refused(ours: Laptop, town: Town) -> None:
    session = ours.session()
    message = session.next_message()
    assert message is not None

    with pytest.raises(BadSignatureError):
        session.receive(message, sign_reply(answer(town, message.name), town.root))


@pytest.mark.usefixtures("unharmed")
def test_an_old_answer_passes_for_no_new_one(ours: Laptop, town: Town) -> None:
    session = ours.session()
    message = session.next_message()
    assert message is not None

    with pytest.raises(RemoteProtocolError) as caught:
        session.receive(message, sign_reply(answer(town, b"o" * 8), town.receipt))

    assert caught.value.code == "sync.not_an_answer"


@pytest.mark.usefixtures("unharmed")
def test_an_answer_of_another_province_is_refused(ours: Laptop) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        hear(ours, province=b"?" * 16)

    assert caught.value.code == "receipt.other_province"


@pytest.mark.usefixtures("unharmed")
def test_a_page_signed_by_a_stranger_is_refused(ours: Laptop, town: Town) -> None:
    cursor = ours.replica.cursor()
    header = PageHeader(
        province=town.roster.fingerprint, epoch=ours.author.epoch,
        incarnations=cursor.incarnations, base=cursor.position, after=cursor.position,
        to=cursor.position + 1, head=cursor.position + 1, roster=1,
    )  # fmt: skip
    page = sign_page(pack_page(header, PageContent()), town.root)

    with pytest.raises(BadSignatureError):
        ours.session().take_page(page)


@pytest.mark.usefixtures("unharmed")
def test_an_answer_that_nobody_asked_for_is_refused(ours: Laptop) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        ours.session().receive(Send("sync", b"", b"n" * 8), b"")

    assert caught.value.code == "sync.not_asked"


@pytest.mark.usefixtures("unharmed")
def test_mail_of_another_kind_is_refused(ours: Laptop) -> None:
    recipient = ours.author.seal_key.recipient
    envelope = seal_envelope(Kind.BATCH, b"", recipient, PlainSeals())

    with pytest.raises(RemoteProtocolError) as caught:
        ours.session().receive_mail(envelope)

    assert caught.value.code == "envelope.kind"


def test_a_page_names_only_what_this_laptop_had_applied(
    ours: Laptop, theirs: Laptop
) -> None:
    record = theirs.new_person()
    theirs.sync()
    ours.sync()
    cursor = ours.replica.cursor().position
    theirs.edit(record, phone="1")
    theirs.sync()

    data = page_from(ours, after=cursor, base=cursor)

    page = open_page(data, ours.session().roster.receipt_keys)
    assert {key for key, _ in page.leans_on()} == {record}
