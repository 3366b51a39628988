"""The forms at hand: those that ship with the program, and those of the province."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from fieldkit.forms.registry import Forms, Key, parse_library


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
    forms: Mapping[Key, bytes], lists: Mapping[Key, bytes], texts: Mapping[bytes, bytes]
) -> Forms:
    """Return the forms that a roster names; where it names none, those that ship.

    Args:
        forms: SHA-256 of the file of each published form and version.
        lists: the same of each published choice list.
        texts: files that came from the province, by their hash.
    """
    own = shipped_texts()
    if not forms:
        return shipped_forms()
    by_hash = {text_hash(text.encode()): text for text in own.values()}
    named = {f"forms/{name}/{version}.yaml": h for (name, version), h in forms.items()}
    named |= {f"lists/{name}/{version}.yaml": h for (name, version), h in lists.items()}
    files = {path: text for path, text in own.items() if path.startswith("lists/")}
    for path, known in named.items():
        if known in texts:
            files[path] = texts[known].decode()
        elif known in by_hash:
            files[path] = by_hash[known]
    return parse_library(files)


def text_hash(text: bytes) -> bytes:
    """Return the hash by which a roster names a form or list file."""
    return sha256(text).digest()


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
