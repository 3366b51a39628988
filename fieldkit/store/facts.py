"""What the store is told of forms: it reads none itself."""

from typing import Protocol

from fieldkit.records.layout import CLASSES, Layout, repeats_above


class Facts(Protocol):
    """Three facts of forms, of any version; a form nobody knows gives nothing."""

    def class_of(self, form_id: str, version: int, path: str) -> str:
        """Return the sensitivity class of a path in a layout of our own writing."""
        ...

    def searched(self, form_id: str, version: int) -> frozenset[str]:
        """Return the paths, as in a layout, whose answers a search looks through."""
        ...

    def area_path(self, form_id: str) -> str | None:
        """Return the register that says where the record lives, or None."""
        ...


class NoFacts:
    """Of a store without forms: all is general, nothing is searched."""

    def class_of(self, form_id: str, version: int, path: str) -> str:  # noqa: ARG002
        """Return ``general``."""
        return CLASSES[0]

    def searched(self, form_id: str, version: int) -> frozenset[str]:  # noqa: ARG002
        """Return nothing."""
        return frozenset()

    def area_path(self, form_id: str) -> str | None:  # noqa: ARG002
        """Return None."""
        return None


def class_numbers(facts: Facts, layout: Layout) -> tuple[int | None, ...]:
    """Return the class number of each path; None for the instances of a repeat.

    A repeat of which nothing is written but its instances has their class.
    """
    inside = {above for path in layout.paths for above in repeats_above(path)}
    return tuple(
        None
        if path in inside
        else CLASSES.index(facts.class_of(layout.form_id, layout.version, path))
        for path in layout.paths
    )
