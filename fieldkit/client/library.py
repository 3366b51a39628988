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


def province_forms(
    named: Mapping[tuple[str, int], bytes],
    texts: Mapping[bytes, bytes],
    lists: Mapping[str, tuple[int, bytes]],
) -> Forms:
    """Return the forms that a roster names; where it names none, those that ship.

    Args:
        named: content hash of each published form and version.
        texts: form files that came from the province, by their hash.
        lists: version and file of each choice list that came from the province.
    """
    files = {
        f"lists/{name}/{version}.yaml": text.decode()
        for name, (version, text) in lists.items()
    }
    own = shipped_texts()
    shipped_lists = {p: t for p, t in own.items() if p.startswith("lists/")}
    for (form_id, version), form_hash in named.items():
        path = f"forms/{form_id}/{version}.yaml"
        if form_hash in texts:
            files[path] = texts[form_hash].decode()
        elif path in own and shipped_forms().get(form_id, version).hash == form_hash:
            files[path] = own[path]
    if not named:
        return parse_library(dict(own) | files)
    return parse_library(shipped_lists | files)


class FormFacts:
    """What the store is told of forms; ``forms`` is set once the store is open."""

    def __init__(self) -> None:
        self.forms: Forms = parse_library({})

    def class_of(self, form_id: str, version: int, path: str) -> str:
        """Return the sensitivity class of a path in a layout of our own writing."""
        form = self.forms.find(form_id, version)
        return "general" if form is None else form.class_of(path)

    def searched(self, form_id: str, version: int) -> frozenset[str]:
        """Return the paths whose answers a search looks through: short texts.

        What is sealed is not searched: its writer cannot read it either.
        """
        form = self.forms.find(form_id, version)
        if form is None:
            return frozenset()
        return frozenset(
            q.path
            for q in form.stored
            if q.type == "text"
            and q.repeat is None
            and q.appearance != "multiline"
            and q.sensitivity != "sealed"
        )

    def area_path(self, form_id: str) -> str | None:
        """Return the register that says where the record lives, or None."""
        versions = self.forms.versions(form_id)
        return self.forms.latest(form_id).area_path if versions else None
