"""Scores and actions: what a form makes of its answers, from the file's words."""

from collections.abc import Mapping
from itertools import pairwise

from fieldkit.forms.build import Builder, label
from fieldkit.forms.document import ActionDocument
from fieldkit.forms.expressions import Expression, parse
from fieldkit.forms.names import Names, inputs_of
from fieldkit.forms.question import Action, Band, Question, RedFlag, ScoreRule


def _when(builder: Builder, text: str, path: str, names: Names) -> Expression:
    """Return a condition of a score or action, its names checked."""
    builder.locations.setdefault(path, tuple(path.split("/")))
    expression = builder.expression(text, path, "when") or parse("false()")
    for name in sorted(expression.references):
        if len(names.find(name)) != 1:
            builder.note("form.name_unknown", path, name=name, key="when")
    return expression


def build_score(
    builder: Builder, names: Names, needs: Mapping[str, frozenset[str]]
) -> ScoreRule | None:
    """Return how the form is scored, if it is."""
    document = builder.document.score
    if document is None:
        return None
    builder.locations.setdefault("score", ("score",))
    wanted = (document.of, *(document.items or ()))
    for name in wanted:
        if len(names.find(name)) != 1:
            builder.note("form.name_unknown", "score", name=name, key="of")
            return None
    of, *items = (names.find(name)[0] for name in wanted)
    bands = tuple(
        Band(
            b.low, b.high, b.code, label(b.label), label(b.advice) if b.advice else None
        )
        for b in document.bands
    )
    for before, after in pairwise(bands):
        if not before.low <= before.high < after.low <= after.high:
            builder.note("form.bands", "score", band=after.code)
    flags = tuple(
        RedFlag(_when(builder, f.when, "score", names), f.code, label(f.label))
        for f in document.red_flags
    )
    found = tuple(items) or _items(of, names, needs)
    return ScoreRule(of=of, items=found, bands=bands, red_flags=flags)


def _items(
    of: str, names: Names, needs: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Return the answers that a total is made from, in document order."""
    inputs = inputs_of(of, needs)
    nodes = names.by_path.items()
    return tuple(
        path
        for path, node in nodes
        if path in inputs and isinstance(node, Question) and node.is_stored
    )


def build_actions(builder: Builder, names: Names) -> tuple[Action, ...]:
    """Return what the form proposes to do next, and when."""
    found = []
    for place, document in enumerate(builder.document.actions):
        path = f"actions/{place}"
        builder.locations[path] = ("actions", place)
        when = _when(builder, document.when, path, names)
        by = frozenset(document.by or ())
        found.append(_action(document, when, by))
    return tuple(found)


def _action(document: ActionDocument, when: Expression, by: frozenset[str]) -> Action:
    if document.refer is not None:
        to, urgency = document.refer.to, document.refer.urgency
        return Action(when, "refer", to, urgency=urgency, by=by)
    if document.follow_up is not None:
        days = int(document.follow_up.within.split()[0])
        return Action(when, "follow_up", document.follow_up.task, None, days, by)
    return Action(when, "open", document.open or "", by=by)
