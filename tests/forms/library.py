"""The form library as tests use it: read from the files that ship, at a fixed time."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from fieldkit.forms.document import read_form
from fieldkit.forms.form import Form, parse_form
from fieldkit.forms.registry import Forms, parse_library

SCHEMAS = Path(__file__).parents[2] / "schemas"
BANGKOK = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=BANGKOK)
TODAY = "2026-11-22"

HEAD = """\
form_id: small
version: 1
title: {th: เล็ก, en: Small}
kind: survey
subject: person
sensitivity: general
purpose: [care]
"""


@cache
def library() -> Forms:
    """Return the forms of schemas/."""
    files = sorted(SCHEMAS.glob("*/*/*.yaml"))
    return parse_library({str(path): path.read_text("utf-8") for path in files})


def small(survey: str, more: str = "", head: str = HEAD) -> Form:
    """Return a form of a few questions; each line of ``survey`` is one, in braces."""
    return parse_form(read_form(written(survey, more, head), lists=library().lists))


def written(survey: str, more: str = "", head: str = HEAD) -> str:
    """Return the file of `small`."""
    lines = [f"  - {line.strip()}" for line in survey.strip().splitlines()]
    return "\n".join([head + "survey:", *lines, more])


def at(form: Form, answers: Mapping[str, object]) -> dict[str, object]:
    """Return answers named by path or unique name, by path."""
    return {
        key if form.question_at(key) else form.path_of(key): value
        for key, value in answers.items()
    }
