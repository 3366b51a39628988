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
RELEASE_FORM: Final = "_release"
"""The reserved form of a release: its one value is the hash of a quarantined change."""
CLASSES: Final = ("general", "identity", "health", "sensitive", "sealed")
"""Sensitivity classes; a part's class is stored and sent as the place in this tuple."""

_SLOT = re.compile(r"(.+)\[([0-9]+)\]")
_STEP = r"[^\[\]/]+(?:\[(?:0|[1-9][0-9]{0,4})\])?"
_PATH = re.compile(rf"{_STEP}(?:/{_STEP})*(?:\[\])?")


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
    """Return the layout of its decoded encoding; the inverse of ``to_wire``.

    Raises:
        CodecError: not a layout, or one that names a register twice.
    """
    match wire:
        case [str(form_id), int(version), [*paths]] if (
            type(version) is int and version >= 0
        ):
            layout = Layout(form_id, version, tuple(_read_path(path) for path in paths))
            _check_paths(layout.paths)
            return layout
    raise CodecError("codec.shape", what="layout")


def _read_path(path: object) -> str:
    if isinstance(path, str) and _PATH.fullmatch(path):
        return path
    raise CodecError("codec.shape", what="path")


def _check_paths(paths: tuple[str, ...]) -> None:
    """Refuse a path twice, and a slot whose list of instances is missing."""
    present = set(paths)
    needed = {repeat for path in paths for repeat in repeats_above(path)}
    if len(present) < len(paths) or not needed <= present:
        raise CodecError("codec.shape", what="layout")


@lru_cache(maxsize=65_536)
def repeats_above(path: str) -> tuple[str, ...]:
    """Return the instance lists that the slots in ``path`` count in.

    >>> repeats_above("homes[0]/members[2]/name")
    ('homes[]', 'homes[0]/members[]')
    """
    ends = [place for place, letter in enumerate(path) if letter == "["]
    return tuple(path[:end] + "[]" for end in ends)


@lru_cache(maxsize=65_536)
def is_plain(layout: Layout) -> bool:
    """Return whether every path is its own register: no repeat, no reserved path."""
    return not any("[" in path or path == SUBJECT for path in layout.paths)


@lru_cache(maxsize=65_536)
def instance_lists(layout: Layout) -> tuple[tuple[int, int], ...]:
    """Return the place of each list of instances, and the fewest it may name."""
    counts = {path: 0 for path in layout.paths if path.endswith("[]")}
    for path in layout.paths:
        slots = re.findall(r"\[([0-9]+)\]", path)
        for repeat, slot in zip(repeats_above(path), slots, strict=False):
            counts[repeat] = max(counts[repeat], int(slot) + 1)
    return tuple((layout.paths.index(path), count) for path, count in counts.items())


@lru_cache(maxsize=65_536)
def subject_place(layout: Layout) -> int | None:
    """Return where the layout names the record's subject, or None."""
    return layout.paths.index(SUBJECT) if SUBJECT in layout.paths else None


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
