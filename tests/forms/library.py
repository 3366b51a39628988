"""The form library as tests use it: read from the files that ship, at a fixed time."""

from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from textwrap import dedent

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
    """Return a form of a few questions, each in braces on a line of its own.

    What stands further in goes on with the line before.
    """
    return parse_form(read_form(written(survey, more, head), lists=library().lists))


def written(survey: str, more: str = "", head: str = HEAD) -> str:
    """Return the file of `small`."""
    lines = [
        f"  - {line}" if line.startswith("{") else f"      {line}"
        for line in dedent(survey).strip().splitlines()
    ]
    return "\n".join([head + "survey:", *lines, more])
