"""The forms at hand: those that ship with the program, and those of the province."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fieldkit.forms.registry import Forms, parse_library


@cache
def shipped_texts() -> Mapping[str, str]:
    """Return the form and list files that ship with the program, by path."""
    schemas = resources.files("schemas")
    return {
        f"{kind}/{folder.name}/{file.name}": file.read_text("utf-8")
        for kind in ("forms", "lists")
        for folder in _folders(schemas / kind)
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }


def _folders(at: Traversable) -> list[Traversable]:
    folders = [one for one in at.iterdir() if one.is_dir() and one.name[0] not in "._"]
    return sorted(folders, key=lambda one: one.name)


@cache
def shipped_forms() -> Forms:
    """Return the forms that ship with the program, each read on demand."""
    return parse_library(shipped_texts())
