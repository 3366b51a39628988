"""The form file as written: XLSForm's words, checked for shape but not yet for sense.

The only pydantic in the core. `read_form` gives a `FormDocument`; what its expressions
and names mean is decided by `fieldkit.forms.form.parse_form`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from fieldkit.errors import FormError
from fieldkit.forms.source import Key, Source, read_source, resolve

LIST_MARK: Final = "list://"

Word = Annotated[str, BeforeValidator(lambda v: str(v) if isinstance(v, str) else v)]
Free = Annotated[Any, AfterValidator(resolve)]
Identifier = Annotated[Word, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
Words = Annotated[list[Word], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelDocument(_Model):
    """A text for the screen; Thai is obligatory, other languages may join."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Word]

    th: Word
    en: Word = ""


class ChoiceDocument(_Model):
    """One line of a choice list; more columns may be named in a ``choice_filter``."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Word]

    name: Word = Field(pattern=r"^\S+$", max_length=64)
    label: LabelDocument
    severity: int | None = None


class _File(_Model):
    _source: Source | None = PrivateAttr(default=None)

    def written_in(self, source: Source) -> Self:
        """Return this document, knowing its place in ``source``."""
        self._source = source
        return self

    def place_of(self, location: Iterable[Key]) -> tuple[int, int]:
        """Return row and column in the file of what stands at ``location``."""
        return (1, 1) if self._source is None else self._source.place_of(location)


class ListDocument(_File):
    """A versioned choice list in ``schemas/lists/<list_id>/<version>.yaml``."""

    list_id: Identifier
    version: int = Field(ge=1)
    title: LabelDocument
    source: dict[str, Free] | None = None
    choices: list[ChoiceDocument] = Field(min_length=1)


class ChoicesDocument(_Model):
    """The choices under one name; ``ref`` tells which list they were taken from."""

    ref: Word | None = None
    choices: list[ChoiceDocument] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _take(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return {"choices": value}
        lists: Mapping[str, ListDocument] = (info.context or {}).get("lists", {})
        found = lists.get(value.removeprefix(LIST_MARK))
        if found is None:
            raise PydanticCustomError("list_unknown", "no such list")
        return {"ref": value, "choices": found.choices}


class QuestionDocument(_Model):
    """A question, or a group or repeat that holds a survey of its own."""

    type: Word
    name: Identifier
    label: LabelDocument | None = None
    hint: LabelDocument | None = None
    required: Word | None = None
    relevant: Word | None = None
    constraint: Word | None = None
    constraint_message: LabelDocument | None = None
    calculation: Word | None = None
    choice_filter: Word | None = None
    default: Word | None = None
    read_only: Word | None = None
    appearance: Word | None = None
    parameters: dict[str, Word] = {}
    repeat_count: Word | None = None
    role: Word | None = None
    merge: Word | None = None
    merge_group: Identifier | None = None
    sensitivity: Word | None = None
    purpose: Words | None = None
    sealed_to: Words | None = None
    survey: list["QuestionDocument"] | None = None


class BandDocument(_Model):
    """A band of a score: both ends belong to it."""

    low: float = Field(alias="from")
    high: float = Field(alias="to")
    code: Identifier
    label: LabelDocument
    advice: LabelDocument | None = None


class RedFlagDocument(_Model):
    """Something that must not wait, whatever the total is."""

    when: Word
    code: Identifier
    label: LabelDocument


class ScoreDocument(_Model):
    """What a screening adds up to; null while one of its items is missing."""

    of: Word
    items: Words | None = None
    bands: list[BandDocument] = Field(min_length=1)
    red_flags: list[RedFlagDocument] = []


class ReferDocument(_Model):
    """Where to refer to, and how soon."""

    to: Word
    urgency: Word


class FollowUpDocument(_Model):
    """What to come back for, and when."""

    task: Word
    within: Word = Field(pattern=r"^[0-9]+ days?$")


class ActionDocument(_Model):
    """What to do next when an expression holds; exactly one of the three."""

    when: Word
    open: Word | None = None
    refer: ReferDocument | None = None
    follow_up: FollowUpDocument | None = None
    by: Words | None = None

    @model_validator(mode="after")
    def _one(self) -> "ActionDocument":
        if sum(x is not None for x in (self.open, self.refer, self.follow_up)) != 1:
            raise ValueError("an action names one of open, refer, follow_up")
        return self


class ExampleDocument(_Model):
    """Answers and what must come of them."""

    answers: dict[str, Free]
    expect: dict[str, Free]


class FormDocument(_File):
    """A whole form file."""

    form_id: Identifier
    version: int = Field(ge=1)
    title: LabelDocument
    kind: Word
    subject: Word | None = None
    sensitivity: Word | None = None
    purpose: Words | None = None
    sealed_to: Words | None = None
    source: dict[str, Free] | None = None
    settings: dict[str, Free] = {}
    survey: list[QuestionDocument] = Field(min_length=1)
    choices: dict[str, ChoicesDocument] = {}
    score: ScoreDocument | None = None
    actions: list[ActionDocument] = []
    from_previous: list[dict[str, Free]] = []
    examples: list[ExampleDocument] = []

    @property
    def hash(self) -> bytes:
        """Return the SHA-256 of this document, its lists included, in canonical JSON.

        Comments, order of keys and a key set to its default make no difference.
        """
        content = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        text = json.dumps(
            content, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).digest()


_Document = TypeVar("_Document", FormDocument, ListDocument)


def read_form(text: str, *, lists: Mapping[str, ListDocument]) -> FormDocument:
    """Return the form file ``text``; ``lists`` are named as in ``list://``.

    Raises:
        FormError: With row and column; ``form.several`` carries all ``problems``.
    """
    return _read(FormDocument, text, lists)


def read_list(text: str) -> ListDocument:
    """Return the choice list file ``text``.

    Raises:
        FormError: With row and column; ``form.several`` carries all ``problems``.
    """
    return _read(ListDocument, text, {})


def raise_all(problems: Iterable[FormError]) -> None:
    """Raise ``problems`` as one error; a single one as itself, none at all not.

    Raises:
        FormError: There is a problem.
    """
    found = tuple(problems)
    if len(found) == 1:
        raise found[0]
    if found:
        details = {**found[0].details, "problems": found, "count": len(found)}
        details["first"] = found[0].message()
        details["first_th"] = found[0].message("th")
        raise FormError("form.several", **details)


def problems_of(error: FormError) -> tuple[FormError, ...]:
    """Return every problem that ``error`` stands for."""
    several = error.details.get("problems")
    return several if isinstance(several, tuple) else (error,)


def _read(
    model: type[_Document], text: str, lists: Mapping[str, ListDocument]
) -> _Document:
    source = read_source(text)
    if not isinstance(source.value, dict):
        raise FormError("form.not_a_form", row=1, column=1)
    try:
        document = model.model_validate(source.value, context={"lists": lists})
    except ValidationError as error:
        problems = tuple(_problem(source, item) for item in error.errors())
        raise_all(problems)
        raise AssertionError("a validation error names a problem") from error
    return document.written_in(source)


_CODES: Final[Mapping[str, str]] = {
    "missing": "form.missing",
    "extra_forbidden": "form.unknown_key",
    "list_unknown": "form.list_unknown",
}
_KEYS: Final = sorted(
    {*FormDocument.model_fields, *QuestionDocument.model_fields, "when", "refer"}
)


def _problem(source: Source, item: Mapping[str, Any]) -> FormError:
    location: tuple[Key, ...] = item["loc"]
    row, column = source.place_of(location)
    key = str(location[-1]) if location else ""
    return FormError(
        _CODES.get(item["type"], "form.value"),
        path=_path(source, location),
        row=row,
        column=column,
        key=key,
        near=_near(key),
        problem=item["msg"].removeprefix("Value error, "),
    )


def _near(key: str) -> str:
    """Return the known key that looks most like ``key``, or nothing."""
    return next((k for k in get_close_matches(key, _KEYS, n=1) if k != key), "")


def _path(source: Source, location: tuple[Key, ...]) -> str:
    """Return the place in words of the form: names of questions, else keys."""
    value, words = source.value, []
    for key in location:
        if isinstance(value, dict):
            value = value.get(str(key))
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            value = None
        name = value.get("name") if isinstance(value, dict) else None
        words.append(str(name or key))
    return "/".join(words)
