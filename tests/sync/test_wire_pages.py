"""Pages, batches, columns and messages: nothing that their schemas refuse is read."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.codec import decode, encode
from fieldkit.crypto.sign import sign
from fieldkit.errors import BadSignatureError, CodecError, FieldKitError
from fieldkit.sync.batch import open_batch, read_batch
from fieldkit.sync.columns import pack_column, unpack_column
from fieldkit.sync.envelope import key_id
from fieldkit.sync.fragments import fragments
from fieldkit.sync.frames import compress, decompress
from fieldkit.sync.messages import read_reply, read_request, sign_reply, sign_request
from fieldkit.sync.pages import open_page
from fieldkit.sync.states import PartState
from tests.cddl import schema
from tests.sync.wire_samples import (
    HELD,
    KEY,
    LIMIT,
    PAGE,
    PAGE_FRAME,
    REPLIES,
    REQUESTS,
    STATES,
    UNSIGNED,
    a_batch,
    body_items,
)

KEYS = {key_id(KEY.verify_key): KEY.verify_key}
STRANGE: list[Any] = [None, True, 1.0, -1, 1.5, "text", b"bytes", [], {}]


def spoilt(value: list[Any]) -> Iterator[list[Any]]:
    """Yield ``value`` with something strange, or nothing, in one place at any depth."""
    for place, item in enumerate(value):
        before, after = value[:place], value[place + 1 :]
        yield [*before, *after]
        yield from ([*before, strange, *after] for strange in STRANGE)
        if type(item) is list:
            yield from ([*before, other, *after] for other in spoilt(item))


def refused(
    data: bytes, name: str, rule: str, read: Callable[[bytes], object]
) -> tuple[int, list[bytes]]:
    """Return how many spoilt forms a schema refuses, and which of those are read."""
    items = decode(data, bytes_max=LIMIT)
    assert schema(name).fits(data, rule)
    assert read(data) is not None
    bad = [
        one for one in map(encode, spoilt(items)) if not schema(name).fits(one, rule)
    ]
    return len(bad), [one for one in bad if is_read(one, read)]


def is_read(data: bytes, read: Callable[[bytes], object]) -> bool:
    try:
        read(data)
    except FieldKitError:
        return False
    return True


# --- Pages ----------------------------------------------------------------------------


def signed(header: bytes, body: bytes) -> bytes:
    return encode([header, *KEYS, sign(KEY, "fieldkit/page/1", header), body])


def read_page(data: bytes) -> list[PartState]:
    return list(open_page(data, KEYS).states(HELD))


def read_body(body: bytes) -> list[PartState]:
    *head, _ = decode(UNSIGNED.header, bytes_max=LIMIT)
    return read_page(signed(encode([*head, sha256(body).digest()]), body))


def read_frame(frame: bytes) -> list[PartState]:
    _, *frames = body_items()
    return read_body(encode([compress(frame), *frames]))


def read_header(header: bytes) -> list[PartState]:
    return read_page(signed(header, UNSIGNED.body))


def test_the_sample_holds_every_kind_of_part_and_comes_out_whole():
    assert sorted(read_page(PAGE)) == sorted(STATES)
    assert {state.ordinary for state in STATES} == {True, False}
    assert open_page(PAGE, KEYS).leans_on()


def test_each_frame_of_an_author_fits():
    _, groups, others = body_items()

    assert len(groups) == 2
    for _, frame in (*groups, *others):
        assert schema("page_frame").fits(decompress(frame), "author-texts")


@pytest.mark.parametrize(
    ("data", "name", "rule", "read", "least"),
    [
        (PAGE, "page", "page", read_page, 30),
        (UNSIGNED.header, "page", "page-header", read_header, 90),
        (UNSIGNED.body, "page", "page-body", read_body, 20),
        (PAGE_FRAME, "page_frame", "page-frame", read_frame, 700),
    ],
    ids=["page", "header", "body", "frame"],
)
def test_a_page_that_its_schema_refuses_is_not_read(data, name, rule, read, least):
    bad, taken = refused(data, name, rule, read)

    assert bad > least
    assert taken == []


# --- Messages -------------------------------------------------------------------------


def ask(data: bytes) -> object:
    asked = read_request(data)
    asked.check(KEY.verify_key)
    return asked.request


def hear(data: bytes) -> object:
    heard = read_reply(data)
    heard.check(KEYS)
    return heard.reply


def ask_body(body: bytes) -> object:
    return ask(encode([body, sign(KEY, "fieldkit/request/1", body)]))


def hear_body(body: bytes) -> object:
    return hear(encode([body, *KEYS, sign(KEY, "fieldkit/answer/1", body)]))


SPOKEN = {
    **{name: sign_request(one, KEY) for name, one in REQUESTS.items()},
    **{name: sign_reply(one, KEY) for name, one in REPLIES.items()},
}


@pytest.mark.parametrize("name", SPOKEN)
def test_a_message_that_its_schema_refuses_is_not_read(name):
    is_request = name in REQUESTS
    rule = "request" if is_request else "reply"
    body: bytes = decode(SPOKEN[name], bytes_max=LIMIT)[0]

    of_all = refused(SPOKEN[name], "message", rule, ask if is_request else hear)
    of_body = refused(
        body, "message", f"{rule}-body", ask_body if is_request else hear_body
    )

    assert min(of_all[0], of_body[0]) > 10
    assert of_all[1] == of_body[1] == []


def test_a_message_of_another_version_or_kind_is_not_read():
    version, kind, *rest = decode(
        decode(SPOKEN["sync"], bytes_max=LIMIT)[0], bytes_max=LIMIT
    )

    for head in ([2, kind], [version, "page"], [version, "answer"]):
        with pytest.raises(CodecError):
            ask_body(encode([*head, *rest]))


# --- Batches --------------------------------------------------------------------------


def test_a_batch_body_that_its_schema_refuses_is_not_read():
    batch = read_batch(a_batch(4))
    right = open_batch(batch).hash

    def read(body: bytes) -> object:
        found = open_batch(batch._replace(body=compress(body)))
        if found.hash != right:
            raise BadSignatureError("crypto.signature")
        return found

    bad, taken = refused(decompress(batch.body), "batch_body", "batch-body", read)

    assert bad > 500
    assert taken == []


# --- Columns --------------------------------------------------------------------------

KINDS: list[list[Any]] = [
    [7, 7],
    [1, "a", None, [2]],
    ["a", "b"] * 8,
    ["one", "two"],
    [b"ab", b"cd"],
    [1000, 1001, 1003],
    [1.5, 2.25],
    [[1, 2.5], [3, 4.5]],
    [["a", "b"], []],
    [None, "one", "two"],
    ["2026-01-01", "2026-02-28"],
]


def read_column(count: int) -> Callable[[bytes], object]:
    def read(data: bytes) -> object:
        column = decode(data, bytes_max=LIMIT)
        values = unpack_column(column, count)
        fragments(column, count)
        return values

    return read


def read_fragments(count: int) -> Callable[[bytes], object]:
    return lambda data: fragments(decode(data, bytes_max=LIMIT), count)


@pytest.mark.parametrize("values", KINDS, ids=lambda one: str(pack_column(one)[0]))
def test_a_column_that_the_schema_refuses_is_not_read(values):
    data, count = encode(pack_column(values)), len(values)

    for read in (read_column(count), read_fragments(count)):
        bad, taken = refused(data, "column", "column", read)

        assert bad > 8
        assert taken == []


def test_the_samples_are_of_every_kind_of_column():
    assert [pack_column(values)[0] for values in KINDS] == list(range(11))


scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9).map(abs)
answers = scalars | st.text("ab\0\2\3", max_size=3) | st.binary(max_size=2)
columns = st.one_of(
    st.lists(answers, max_size=9),
    st.lists(st.lists(answers, max_size=2), max_size=9),
    st.lists(st.none() | st.dates().map(str), max_size=9),
)


@given(columns)
def test_every_column_that_the_packer_writes_fits(values):
    assert schema("column").fits(encode(pack_column(values)))
