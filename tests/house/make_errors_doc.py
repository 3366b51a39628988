"""Write ``docs/errors.md``: ``python -m tests.house.make_errors_doc``."""

import inspect
from itertools import groupby

from fieldkit import errors
from tests.house.source import ROOT, error_texts

PAGE = ROOT / "docs" / "errors.md"

OPENING = """\
# Errors · ข้อความแจ้งข้อผิดพลาด

Made by `make fix` from `fieldkit/errors.toml`; do not edit it here.

Every error has a code that never changes, says what happened and what to do next,
in Thai and English. `{name}` stands for a detail of the case at hand. With `--json`
the command line prints code, message and details.
"""


def exit_codes() -> str:
    """Return the table of exit codes, one line a class of error that sets one."""
    rows = ["| exit code | kind | meaning |", "| --- | --- | --- |"]
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.FieldKitError) and "exit_code" in vars(kind):
            meaning = (inspect.getdoc(kind) or "").splitlines()[0]
            rows.append(f"| {kind.exit_code} | `{name}` | {meaning} |")
    heading, line, *kinds = rows
    return "\n".join([heading, line, *sorted(kinds, key=_number)])


def entry(code: str, texts: dict[str, str]) -> str:
    """Return what the page says of one code."""
    lines = [
        f"### `{code}`",
        "",
        f"- {texts['th']} **{texts['todo_th']}**",
        f"- {texts['en']} **{texts['todo_en']}**",
    ]
    return "\n".join(lines)


def page() -> str:
    """Return the whole page."""
    parts = [OPENING, "## Exit codes\n\n" + exit_codes() + "\n"]
    texts = sorted(error_texts().items())
    for branch, entries in groupby(texts, key=lambda item: item[0].split(".")[0]):
        parts.append(f"## {branch}\n")
        parts += [entry(code, lines) + "\n" for code, lines in entries]
    return "\n".join(parts)


def _number(row: str) -> int:
    return int(row.split("|")[1])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8", newline="\n")
