"""The layout: which form, version and paths the values of a write stand for.

A layout is named by the first 8 bytes of the SHA-256 of its encoding and lies beside
the changes that use it, so that no path is repeated and no form is needed to read.

Reserved paths: ``_subject`` (whose record this is; written once, at creation),
``_life`` (``live``, ``withdrawn`` or ``merged``), and for a repeat ``members[]`` (the
instances a write speaks of: an id, or nothing for one born in this write), then
``members[0]/name`` for the first of them. In a record the same register is
``members[<id in hex>]/name``.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, cast

from fieldkit.codec import encode
from fieldkit.errors import CodecError

LAYOUT_ID_BYTES: Final = 8
SUBJECT: Final = "_subject"
LIFE: Final = "_life"
ORDER: Final = "_order"
CLASSES: Final = ("general", "identity", "health", "sensitive", "sealed")
"""Sensitivity classes; a part's class is stored and sent as the place in this tuple."""

_SLOT = re.compile(r"(.+)\[(\d+)\]")


class Layout(NamedTuple):
    """Form, version and paths of a write's values, in the order of the values."""

    form_id: str
    version: int
    paths: tuple[str, ...]

    @property
    def id(self) -> bytes:
        """Return the 8-byte name of this layout."""
        return layout_id(self)


@lru_cache(maxsize=65_536)
def layout_id(layout: Layout) -> bytes:
    """Return the first 8 bytes of the SHA-256 of the layout's encoding."""
    return hashlib.sha256(encode(to_wire(layout))).digest()[:LAYOUT_ID_BYTES]


def to_wire(layout: Layout) -> list[object]:
    """Return the layout as it is encoded: ``[form_id, version, [path, …]]``."""
    return [layout.form_id, layout.version, list(layout.paths)]


def from_wire(wire: object) -> Layout:
    """Return the layout of its decoded encoding; the inverse of ``to_wire``."""
    match wire:
        case [str(form_id), int(version), [*paths]] if set(map(type, paths)) <= {str}:
            return Layout(form_id, version, tuple(paths))
    raise CodecError("codec.shape", what="layout")


@lru_cache(maxsize=65_536)
def is_plain(layout: Layout) -> bool:
    """Return whether every path is its own register: no repeat, no reserved path."""
    return not any("[" in path or path == SUBJECT for path in layout.paths)


@lru_cache(maxsize=65_536)
def has_instances(layout: Layout) -> bool:
    """Return whether the layout names instances of a repeat."""
    return any(path.endswith("[]") for path in layout.paths)


def registers(layout: Layout, values: Sequence[object]) -> tuple[str | None, ...]:
    """Return for each path the register that it writes, or None where it writes none.

    ``values`` hold every instance by its id (see ``change.settle``).
    """
    if is_plain(layout):
        return layout.paths
    instances = {
        path[:-2]: cast("list[bytes]", value)
        for path, value in zip(layout.paths, values, strict=True)
        if path.endswith("[]")
    }
    return tuple(
        None if path == SUBJECT or path.endswith("[]") else _bind(path, instances)
        for path in layout.paths
    )


def _bind(path: str, instances: dict[str, list[bytes]]) -> str:
    """Return ``path`` with the slot numbers of its repeats replaced by ids."""
    if "[" not in path:
        return path
    slots: list[str] = []
    bound: list[str] = []
    for step in path.split("/"):
        if found := _SLOT.fullmatch(step):
            repeat = "/".join([*slots, found[1]])
            bound.append(f"{found[1]}[{instances[repeat][int(found[2])].hex()}]")
        else:
            bound.append(step)
        slots.append(step)
    return "/".join(bound)
