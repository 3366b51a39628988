"""The forms at hand: every version, found by id, each parsed when first asked for."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fieldkit.errors import FormError, NotFoundError
from fieldkit.forms.document import LIST_MARK, ListDocument, read_form, read_list
from fieldkit.forms.form import Form, parse_form

_PLACE: Final = re.compile(
    r"(?:^|.*[/\\])(forms|lists)[/\\]([A-Za-z][\w-]*)[/\\]([1-9][0-9]*)\.yaml"
)

Key = tuple[str, int]


class Forms:
    """Form files by (form_id, version), and the choice lists they name.

    Adding gives a new registry; what was parsed before is shared.
    """

    def __init__(
        self,
        forms: Mapping[Key, str],
        lists: Mapping[Key, str],
        parsed: dict[Key, Form],
    ) -> None:
        self._forms = dict(sorted(forms.items()))
        self._lists = dict(lists)
        self._parsed = parsed
        self._read_lists = _Lists(self._lists)

    def __iter__(self) -> Iterator[str]:
        """Yield every form id, in alphabetical order."""
        return iter(dict.fromkeys(form_id for form_id, _ in self._forms))

    def __contains__(self, key: object) -> bool:
        return key in self._forms

    def versions(self, form_id: str) -> tuple[int, ...]:
        """Return the versions of a form, oldest first."""
        return tuple(version for name, version in self._forms if name == form_id)

    def get(self, form_id: str, version: int) -> Form:
        """Return that version of a form.

        Raises:
            NotFoundError: It is not here.
            FormError: Its file is not a form.
        """
        key = (form_id, version)
        if key not in self._parsed:
            if key not in self._forms:
                names = ", ".join(self)
                raise NotFoundError(
                    "form.unknown", form_id=form_id, version=version, known=names
                )
            self._parsed[key] = self._parse(key)
        return self._parsed[key]

    def find(self, form_id: str, version: int) -> Form | None:
        """Return that version of a form, or nothing when it is not here."""
        key = (form_id, version)
        return self.get(form_id, version) if key in self._forms else None

    def latest(self, form_id: str) -> Form:
        """Return the newest version of a form.

        Raises:
            NotFoundError: There is none.
        """
        return self.get(form_id, max(self.versions(form_id), default=0))

    def text(self, form_id: str, version: int) -> str:
        """Return the file of a form as it was given."""
        self.get(form_id, version)
        return self._forms[form_id, version]

    @property
    def lists(self) -> Mapping[str, ListDocument]:
        """Return the choice lists by ``<list_id>/<version>``, as `read_form` wants."""
        return self._read_lists

    def with_texts(self, texts: Mapping[str, str]) -> "Forms":
        """Return these forms and those in ``texts``; a published version stays as is.

        Raises:
            FormError: A path names no form or list, or a version is here already
                with other words.
        """
        forms, lists = _sorted_out(texts)
        for key in forms.keys() & self._forms.keys():
            if forms[key] != self._forms[key]:
                raise FormError(
                    "form.published", path=f"{key[0]}/{key[1]}", row=1, column=1
                )
        known, more = {**lists, **self._lists}, {**forms, **self._forms}
        return Forms(more, known, dict(self._parsed))

    def _parse(self, key: Key) -> Form:
        form = parse_form(read_form(self._forms[key], lists=self._read_lists))
        if form.key != key:
            raise FormError("form.wrong_place", path="/".join(map(str, key)), row=1)
        return form


class _Lists(Mapping[str, ListDocument]):
    """Choice lists, each read when first asked for."""

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._texts = {
            f"{name}/{version}": text for (name, version), text in texts.items()
        }
        self._read: dict[str, ListDocument] = {}

    def __getitem__(self, name: str) -> ListDocument:
        name = name.removeprefix(LIST_MARK)
        if name not in self._read:
            self._read[name] = read_list(self._texts[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def parse_library(texts: Mapping[str, str]) -> Forms:
    """Return the forms whose files are given by path.

    Paths end in ``forms/<form_id>/<version>.yaml`` or in
    ``lists/<list_id>/<version>.yaml``. A file is parsed when it is first asked for.

    Raises:
        FormError: A path names neither.
    """
    forms, lists = _sorted_out(texts)
    return Forms(forms, lists, {})


def _sorted_out(texts: Mapping[str, str]) -> tuple[dict[Key, str], dict[Key, str]]:
    found: dict[str, dict[Key, str]] = {"forms": {}, "lists": {}}
    for path, text in texts.items():
        place = _PLACE.fullmatch(path)
        if place is None:
            raise FormError("form.wrong_place", path=path, row=1, column=1)
        found[place[1]][place[2], int(place[3])] = text
    return found["forms"], found["lists"]
