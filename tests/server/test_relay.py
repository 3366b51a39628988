"""The relay: keeps what it cannot read, and never fills the disk for strangers."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.codec import encode
from fieldkit.errors import CodecError, FieldKitError, RemoteProtocolError, StoreError
from fieldkit.sync.envelope import envelope_id
from sync_server.problems import problem, status_of
from sync_server.relay import Progress, Quotas, Relay
from tests.simulation.memory_storage import MemoryStorage


def envelope(filling: bytes, size: int = 100) -> bytes:
    return encode([1, 1, b"key-id!!", filling * size])


@pytest.fixture
def relay() -> Relay:
    quotas = Quotas(
        envelope_bytes_max=1_000, parts_bytes_max=400, waiting_bytes_max=500, mail_max=3
    )
    return Relay(MemoryStorage(), quotas)


def pieces(data: bytes, cuts: list[int]) -> Iterator[tuple[int, bytes]]:
    places = sorted({0, *(cut % len(data) for cut in cuts), len(data)})
    for start, end in pairwise(places):
        yield start, data[start:end]


@given(st.lists(st.integers(0, 10_000), max_size=8), st.integers(0, 40))
def test_an_envelope_cut_anywhere_is_put_together_again(
    cuts: list[int], overlap: int
) -> None:
    relay, data = Relay(MemoryStorage()), envelope(b"a")
    name = envelope_id(data)

    for start, _ in pieces(data, cuts):
        begin = max(0, start - overlap)
        end = next(s + len(p) for s, p in pieces(data, cuts) if s == start)
        relay.put_part(name, begin, len(data), data[begin:end])

    assert relay.whole(name) == data
    assert relay.waiting() == [(name, data)]


def test_bytes_that_are_not_what_their_name_says_are_dropped(relay: Relay) -> None:
    data = envelope(b"a")
    name = envelope_id(envelope(b"b"))
    relay.put_part(name, 0, len(data), data[:50])

    with pytest.raises(RemoteProtocolError) as caught:
        relay.put_part(name, 50, len(data), data[50:])

    assert caught.value.code == "envelope.hash"
    assert relay.progress(name) == Progress(0, 0)
    assert relay.waiting() == []


def test_parts_that_do_not_fit_together_are_refused(relay: Relay) -> None:
    data = envelope(b"a")
    name = envelope_id(data)
    relay.put_part(name, 0, len(data), data[:50])

    def refused(offset: int, total: int, part: bytes = b"x") -> str:
        with pytest.raises(FieldKitError) as caught:
            relay.put_part(name, offset, total, part)
        return caught.value.code

    assert refused(60, len(data)) == "envelope.gap"
    assert refused(50, len(data) + 1) == "envelope.size"
    assert refused(50, len(data), data) == "envelope.size"
    assert refused(0, 5_000) == "codec.limit"
    assert relay.progress(name) == Progress(50, len(data))
    with pytest.raises(RemoteProtocolError) as caught:
        relay.progress(b"short")
    assert caught.value.code == "envelope.name"


def test_the_oldest_unfinished_envelopes_give_way(relay: Relay) -> None:
    many = [envelope(bytes((n,))) for n in range(5)]

    for data in many:
        relay.put_part(envelope_id(data), 0, len(data), data[:10])

    received = [relay.progress(envelope_id(data)).received for data in many]
    assert received == [0, 0, 10, 10, 10]


def test_without_room_a_whole_envelope_is_not_taken(relay: Relay) -> None:
    kept = [relay.keep(envelope(bytes((n,)))) for n in range(4)]
    relay.keep(envelope(bytes((0,))))

    with pytest.raises(StoreError) as caught:
        relay.keep(envelope(b"x"))
    assert caught.value.code == "relay.full"

    relay.drop(kept[0])
    assert relay.keep(envelope(b"x"))
    assert next(name for name, _ in relay.waiting()) == kept[1]


def test_what_is_no_envelope_is_not_kept(relay: Relay) -> None:
    with pytest.raises(CodecError):
        relay.keep(b"<html>")

    assert relay.waiting() == []


def test_a_mailbox_keeps_the_newest(relay: Relay) -> None:
    for n in range(5):
        relay.post(b"somebody", envelope(bytes((n,))))
    relay.post(b"another!", envelope(b"x"))

    found = relay.mail(b"somebody")

    assert [row.envelope for row in found] == [envelope(bytes((n,))) for n in (2, 3, 4)]
    assert relay.mail(b"somebody", found[1].number) == found[2:]
    assert relay.mail(b"nobody!!") == []


def test_one_answer_holds_a_bounded_share_of_a_mailbox() -> None:
    relay = Relay(MemoryStorage())
    for n in range(3):
        relay.post(b"somebody", envelope(bytes((n,)), 3 << 20))

    assert len(relay.mail(b"somebody")) == 1


def test_every_kind_of_error_has_a_status() -> None:
    kinds: list[type[FieldKitError]] = [FieldKitError, *_below(FieldKitError)]

    statuses = {kind.__name__: status_of(kind("some.code")) for kind in kinds}

    assert statuses.pop("FieldKitError") == 500
    assert all(400 <= status < 504 for status in statuses.values())
    assert status_of(StoreError("storage.full")) == 507
    assert problem(StoreError("relay.full"))["th"]


def _below(kind: type[FieldKitError]) -> Iterator[type[FieldKitError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
