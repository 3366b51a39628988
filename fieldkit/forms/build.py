"""From the file's words to questions and groups, noting every problem on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from fieldkit.errors import ExpressionError, FormError
from fieldkit.forms.document import (
    ChoiceDocument,
    FormDocument,
    LabelDocument,
    QuestionDocument,
)
from fieldkit.forms.expressions import Expression, parse
from fieldkit.forms.question import (
    SELECT_TYPES,
    TYPES,
    Choice,
    Group,
    Label,
    Question,
)

Location = tuple[str | int, ...]

_TRUE: Final = frozenset({"true", "yes", "true()"})
_FALSE: Final = frozenset({"false", "no", "false()"})
_NO_LABEL: Final = Label("", "")
_WITH_ARGUMENT: Final = SELECT_TYPES | {"reference"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a group hands down to what it holds."""

    prefix: str = ""
    group: str = ""
    repeat: str | None = None
    sensitivity: str | None = None
    purpose: frozenset[str] = frozenset()
    sealed_to: frozenset[str] = frozenset()


@dataclass(slots=True)
class Builder:
    """Builds one form's questions; ``problems`` are gathered, never raised."""

    document: FormDocument
    problems: list[FormError] = field(default_factory=list)
    locations: dict[str, Location] = field(default_factory=dict)
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)

    def build(self) -> tuple[Question | Group, ...]:
        """Return the tree of the form."""
        document = self.document
        for name, listed in document.choices.items():
            self.choices[name] = self._choices(name, listed.choices)
        handed = Inherited(
            sensitivity=document.sensitivity,
            purpose=frozenset(document.purpose or ()),
            sealed_to=frozenset(document.sealed_to or ()),
        )
        return self._survey(document.survey, ("survey",), handed)

    def note(self, code: str, path: str, /, **details: object) -> None:
        """Note a problem with what stands at ``path``."""
        location = self.locations.get(path, ())
        row, column = self.document.place_of(location)
        self.problems.append(
            FormError(code, path=path, row=row, column=column, **details)
        )

    def expression(
        self, text: str | None, path: str, key: str = ""
    ) -> Expression | None:
        """Return ``text`` parsed, or nothing when there is none or it is wrong."""
        if text is None or not text.strip():
            return None
        try:
            return parse(text)
        except ExpressionError as error:
            row, column = self.document.place_of((*self.locations.get(path, ()), key))
            place = {"path": path, "key": key, "row": row, "column": column}
            details = {**error.details, "expression": text, **place}
            self.problems.append(ExpressionError(error.code, **details))
            return None

    def _survey(
        self, survey: list[QuestionDocument], location: Location, handed: Inherited
    ) -> tuple[Question | Group, ...]:
        return tuple(
            self._node(item, (*location, place), handed)
            for place, item in enumerate(survey)
        )

    def _node(
        self, item: QuestionDocument, location: Location, handed: Inherited
    ) -> Question | Group:
        marks = "[]" if item.type == "repeat" else ""
        path = f"{handed.prefix}{item.name}{marks}"
        if path in self.locations:
            self.note("form.path_twice", path)
        self.locations.setdefault(path, location)
        if item.type in {"group", "repeat"}:
            return self._group(item, path, handed)
        if item.survey is not None:
            self.note("form.survey_in_question", path, type=item.type)
        return self._question(item, path, handed)

    def _group(self, item: QuestionDocument, path: str, handed: Inherited) -> Group:
        repeats = item.type == "repeat"
        inner = Inherited(
            prefix=f"{path}/",
            group=path,
            repeat=path if repeats else handed.repeat,
            sensitivity=item.sensitivity or handed.sensitivity,
            purpose=frozenset(item.purpose or handed.purpose),
            sealed_to=frozenset(item.sealed_to or handed.sealed_to),
        )
        if not item.survey:
            self.note("form.group_empty", path)
        location = (*self.locations[path], "survey")
        return Group(
            path=path,
            name=item.name,
            label=_label(item.label),
            relevant=self.expression(item.relevant, path, "relevant"),
            appearance=item.appearance or "",
            repeats=repeats,
            repeat_count=self.expression(item.repeat_count, path, "repeat_count"),
            group=handed.group,
            repeat=handed.repeat,
            sensitivity=inner.sensitivity or "",
            children=self._survey(item.survey or [], location, inner),
        )

    def _question(
        self, item: QuestionDocument, path: str, handed: Inherited
    ) -> Question:
        kind, argument = self._type(item, path)
        list_name = argument if kind in SELECT_TYPES else None
        choices = self._choices_of(list_name, path)
        parsed = {
            key: self.expression(getattr(item, key), path, key)
            for key in ("relevant", "constraint", "calculation", "choice_filter")
        }
        return Question(
            path=path,
            name=item.name,
            type=kind,
            list_name=list_name,
            reference=argument if kind == "reference" else None,
            label=_label(item.label) or _NO_LABEL,
            hint=_label(item.hint),
            required=self._truth(item.required, path, "required"),
            read_only=self._truth(item.read_only, path, "read_only"),
            **parsed,
            constraint_message=_label(item.constraint_message),
            default=self._default(item.default, kind, path),
            appearance=item.appearance or "",
            parameters=tuple(item.parameters.items()),
            role=item.role,
            merge=item.merge or "register",
            merge_group=item.merge_group,
            sensitivity=item.sensitivity or handed.sensitivity or "",
            purpose=frozenset(item.purpose or handed.purpose),
            sealed_to=frozenset(item.sealed_to or handed.sealed_to),
            group=handed.group,
            repeat=handed.repeat,
            choices=choices,
            choice_names=frozenset(choice.name for choice in choices),
        )

    def _type(self, item: QuestionDocument, path: str) -> tuple[str, str | None]:
        kind, _, argument = item.type.partition(" ")
        if kind not in TYPES:
            self.note("form.type_unknown", path, type=item.type)
        elif kind in _WITH_ARGUMENT and not argument:
            self.note("form.type_argument", path, type=kind)
        return kind, argument.strip() or None

    def _choices_of(self, list_name: str | None, path: str) -> tuple[Choice, ...]:
        if list_name is None:
            return ()
        if list_name not in self.choices:
            self.note("form.choices_missing", path, list_name=list_name)
        return self.choices.get(list_name, ())

    def _truth(self, text: str | None, path: str, key: str) -> Expression | None:
        if text is None or text.lower() in _FALSE:
            return None
        return self.expression("true()" if text.lower() in _TRUE else text, path, key)

    def _default(self, text: str | None, kind: str, path: str) -> Expression | None:
        """Return the default as an expression; XLSForm allows a bare word too."""
        if text is None:
            return None
        if any(mark in text for mark in "(${'\"") or kind in {"integer", "decimal"}:
            return self.expression(text, path, "default")
        return self.expression(f"'{text}'", path, "default")

    def _choices(
        self, list_name: str, documents: list[ChoiceDocument]
    ) -> tuple[Choice, ...]:
        names = [document.name for document in documents]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.locations.setdefault(f"choices/{list_name}", ("choices", list_name))
            self.note("form.choice_twice", f"choices/{list_name}", name=name)
        return tuple(
            Choice(
                name=document.name,
                label=label(document.label),
                severity=place if document.severity is None else document.severity,
                columns=tuple(sorted(document.__pydantic_extra__.items())),
            )
            for place, document in enumerate(documents)
        )


def label(document: LabelDocument) -> Label:
    """Return a text for the screen."""
    others = tuple(sorted(document.__pydantic_extra__.items()))
    return Label(document.th, document.en, others)


def _label(document: LabelDocument | None) -> Label | None:
    return None if document is None else label(document)


def walk(tree: tuple[Question | Group, ...]) -> Iterator[Question | Group]:
    """Yield every question and group in document order, a group before its own."""
    for node in tree:
        yield node
        if isinstance(node, Group):
            yield from walk(node.children)
