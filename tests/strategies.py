"""Strategies: what Hypothesis draws; every new type joins."""

from typing import Any

from hypothesis import strategies as st

from fieldkit.causality import Dot, Stamp
from fieldkit.codec import INT_MAX, INT_MIN
from fieldkit.records.change import Change, Write
from fieldkit.records.layout import Layout

THAI = "กขคงจชซญดตถทนบปผพฟมยรลวศสหอะาำิีึืุูเแโใไ่้๊๋์ฯๆ๐๑๒๓"

texts = st.text() | st.text(THAI, max_size=12)
ids = st.binary(min_size=16, max_size=16)
seeds = st.binary(min_size=32, max_size=32)
counters = st.integers(1, 1 << 40)
floats = st.floats(allow_nan=False, allow_infinity=False).map(lambda f: f + 0.0)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(INT_MIN, INT_MAX)
    | floats
    | texts
    | st.binary(max_size=40)
)


def _keys_in_order(values: dict[str, Any]) -> dict[str, Any]:
    """Return the map as the codec writes it, so that it can be encoded unchecked."""
    return dict(sorted(values.items(), key=lambda kv: (len(kv[0].encode()), kv[0])))


answers: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=3).map(_keys_in_order)
    ),
    max_leaves=6,
)

dots = st.builds(Dot, ids, counters, st.binary(min_size=8, max_size=8))
stamps = st.builds(
    Stamp,
    epoch=ids,
    counter=counters,
    person=ids,
    role=st.sampled_from(["volunteer", "officer", "coordinator"]),
    roster=st.integers(0, 1 << 20),
    time=st.integers(-(1 << 40), 1 << 45),
    lead=st.integers(0, 1 << 40),
    because=st.none() | texts,
)

_names = st.text("abcdefgh_", min_size=1, max_size=8)
_paths = st.lists(_names, min_size=1, max_size=3).map("/".join)
layouts = st.builds(
    Layout,
    _names,
    st.integers(1, 99),
    st.lists(_paths, min_size=1, max_size=8, unique=True).map(tuple),
)


@st.composite
def writes(draw: st.DrawFn) -> Write:
    """Draw a write of a plain layout."""
    layout = draw(layouts)
    values = draw(
        st.lists(answers, min_size=len(layout.paths), max_size=len(layout.paths))
    )
    replaces = draw(st.lists(dots, max_size=3, unique=True))
    return Write(layout.id, draw(st.none() | ids), tuple(replaces), tuple(values))


changes = st.builds(
    Change, stamps, st.lists(writes(), min_size=1, max_size=3).map(tuple)
)
