"""The form: a survey's questions, ready to be asked, judged, scored and merged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldkit.errors import NotFoundError
from fieldkit.forms.build import Builder, label, walk
from fieldkit.forms.checks import check
from fieldkit.forms.document import (
    ExampleDocument,
    FormDocument,
    raise_all,
)
from fieldkit.forms.names import Names, evaluation_order, graph
from fieldkit.forms.question import (
    Action,
    Choice,
    Group,
    Label,
    Question,
    ScoreRule,
)
from fieldkit.forms.rules import build_actions, build_score

_INSTANCE: Final = re.compile(r"\[[0-9a-f]*\]")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Form:
    """One version of a form.

    Paths are names joined by ``/``; a repeat's carry ``[]`` in a template and
    ``[<32 hex digits>]`` for one instance. A bare name works where it is unique.
    """

    form_id: str
    version: int
    title: Label
    kind: str
    subject: str | None
    sensitivity: str
    hash: bytes
    tree: tuple[Question | Group, ...] = field(repr=False)
    questions: tuple[Question, ...] = field(repr=False)
    groups: tuple[Group, ...] = field(repr=False)
    stored: tuple[Question, ...] = field(repr=False)
    layout_paths: tuple[str, ...] = field(repr=False)
    classes: frozenset[str]
    area_path: str | None
    choices: Mapping[str, tuple[Choice, ...]] = field(repr=False)
    score: ScoreRule | None = field(repr=False)
    actions: tuple[Action, ...] = field(repr=False)
    examples: tuple[ExampleDocument, ...] = field(repr=False)
    from_previous: tuple[Mapping[str, object], ...] = field(repr=False)
    settings: Mapping[str, object] = field(repr=False)
    names: Names = field(repr=False)
    needs: Mapping[str, frozenset[str]] = field(repr=False)
    order: tuple[str, ...] = field(repr=False)
    merge_groups: Mapping[str, tuple[str, ...]] = field(repr=False)

    @property
    def key(self) -> tuple[str, int]:
        """Return form id and version."""
        return (self.form_id, self.version)

    @property
    def has_repeats(self) -> bool:
        """Return whether any question may be answered more than once."""
        return any(group.repeats for group in self.groups)

    def path_of(self, name: str) -> str:
        """Return the path of a question, named by its path or by a unique name.

        Raises:
            NotFoundError: No question, or more than one, has that name.
        """
        found = [p for p in self.names.find(name) if self._is_question(p)]
        if len(found) != 1:
            code = "form.no_question" if not found else "form.question_ambiguous"
            paths = ", ".join(found)
            raise NotFoundError(code, name=name, form_id=self.form_id, paths=paths)
        return found[0]

    def question(self, name: str) -> Question:
        """Return the question with that path or unique name.

        Raises:
            NotFoundError: No question, or more than one, has that name.
        """
        question = self.names.by_path[self.path_of(name)]
        assert isinstance(question, Question)
        return question

    def question_at(self, register_path: str) -> Question | None:
        """Return the question a register holds answers to, in whatever instance."""
        node = self.names.by_path.get(template_of(register_path))
        return node if isinstance(node, Question) else None

    def class_of(self, register_path: str) -> str:
        """Return the sensitivity class of a register, the reserved ones included.

        What this form does not know, and what concerns the whole record, has the
        form's own class; an instance's ``_life`` and ``_order`` its repeat's.
        """
        template = template_of(register_path)
        while template:
            node = self.names.by_path.get(template)
            if node is not None:
                return node.sensitivity
            template = template.rpartition("/")[0]
        return self.sensitivity

    def group_of(self, path: str) -> tuple[str, ...]:
        """Return all paths that share a register with ``path``: itself if no other.

        For a path inside an instance the others are in the same instance.
        """
        template = template_of(path)
        members = self.merge_groups.get(template)
        if members is None:
            return (path,)
        if template == path:
            return members
        instance = path.rpartition("]")[0]
        return tuple(f"{instance}]{m.rpartition(']')[2]}" for m in members)

    def _is_question(self, path: str) -> bool:
        return isinstance(self.names.by_path[path], Question)


def template_of(path: str) -> str:
    """Return ``path`` with every instance's id left out.

    >>> template_of("members[00ff]/name")
    'members[]/name'
    """
    return _INSTANCE.sub("[]", path) if "[" in path else path


def parse_form(document: FormDocument) -> Form:
    """Return the form that ``document`` describes.

    Raises:
        FormError: With path, row and column; ``form.several`` carries all problems.
    """
    builder = Builder(document)
    tree = builder.build()
    nodes = tuple(walk(tree))
    names = Names.of(nodes)
    check(builder, nodes, names)
    needs = {} if builder.problems else graph(names)
    score = build_score(builder, names, needs)
    actions = build_actions(builder, names)
    raise_all(builder.problems)
    questions = tuple(node for node in nodes if isinstance(node, Question))
    stored = tuple(question for question in questions if question.is_stored)
    return Form(
        form_id=document.form_id,
        version=document.version,
        title=label(document.title),
        kind=document.kind,
        subject=document.subject,
        sensitivity=document.sensitivity or "",
        hash=document.hash,
        tree=tree,
        questions=questions,
        groups=tuple(node for node in nodes if isinstance(node, Group)),
        stored=stored,
        layout_paths=tuple(q.path for q in stored if q.repeat is None),
        classes=frozenset(q.sensitivity for q in stored) | {document.sensitivity or ""},
        area_path=_area_path(stored),
        choices=builder.choices,
        score=score,
        actions=actions,
        examples=tuple(document.examples),
        from_previous=tuple(document.from_previous),
        settings=document.settings,
        names=names,
        needs=needs,
        order=evaluation_order(needs),
        merge_groups=_merge_groups(stored),
    )


def _merge_groups(stored: tuple[Question, ...]) -> Mapping[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for question in stored:
        if question.merge_group:
            members = groups.get(question.merge_group, ())
            groups[question.merge_group] = (*members, question.path)
    return {path: members for members in groups.values() for path in members}


def _area_path(stored: tuple[Question, ...]) -> str | None:
    """Return where the record lives: the question in that role, or the first area."""
    areas = [q for q in stored if q.repeat is None and q.type == "area"]
    areas.sort(key=lambda question: question.role != "area")
    return areas[0].path if areas else None
