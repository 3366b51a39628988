"""Rows in other programs' files: JSON lines and CSV, read and written line by line."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from pydantic_core import from_json

from fieldkit.errors import AnswerError, NotFoundError, StoreError

SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".csv")
_CELL_LENGTH_MAX: Final = 1 << 20
_NUMBER: Final = re.compile(r"[-+][0-9][0-9 ().,-]*")
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
Row = Mapping[str, Any]
Line = tuple[int, Row | AnswerError]


def kind_of(path: Path) -> str:
    """Return ``csv`` or ``jsonl``, by the file's name.

    Raises:
        NotFoundError: it is neither.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise NotFoundError("rows.kind", path=path.name, known=known)
    return "csv" if suffix == ".csv" else "jsonl"


def read_rows(path: Path) -> Iterator[Line]:
    """Yield the number of each line, from 1, and its row, or why it cannot be read.

    Raises:
        NotFoundError: the file's name ends in something else.
        StoreError: the file cannot be read.
    """
    kind = kind_of(path)
    with _open(path) as file:
        yield from _csv_rows(file) if kind == "csv" else _json_rows(file)


def count_lines(path: Path) -> int:
    """Return how many lines a file has, for a progress bar."""
    with path.open("rb") as file:
        return sum(
            chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")
        )


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    try:
        # Excel begins its CSV files with a byte order mark.
        with path.open(
            encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as file:
            yield file
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError("store.disk", reason=reason) from error


def _json_rows(file: TextIO) -> Iterator[Line]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield number, _json_row(line)


def _json_row(line: str) -> Row | AnswerError:
    if not _is_text(line):
        return AnswerError("rows.encoding")
    try:
        row = from_json(line, allow_inf_nan=False)  # twice as quick as ``json``
    except (ValueError, RecursionError):
        return AnswerError("rows.line", path="JSON")
    return row if isinstance(row, dict) else AnswerError("rows.line", path="JSON")


def _csv_rows(file: TextIO) -> Iterator[Line]:
    csv.field_size_limit(_CELL_LENGTH_MAX)
    reader = csv.reader(file)
    names: list[str] = []
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            yield reader.line_num, AnswerError("rows.line", path="CSV")
            continue
        if cells is None:
            return
        if not names:
            names = [cell.strip() for cell in cells]
        elif any(cells):
            yield reader.line_num, _csv_row(names, cells)


def _csv_row(names: Sequence[str], cells: Sequence[str]) -> Row | AnswerError:
    if not all(map(_is_text, cells)):
        return AnswerError("rows.encoding")
    if len(cells) > len(names):
        return AnswerError("rows.line", path="CSV")
    pairs = zip(names, cells, strict=False)
    return {n: c[1:] if _is_guarded(c) else c for n, c in pairs if n and c != ""}


def _is_text(cell: str) -> bool:
    """Return whether all of it was UTF-8: Thai Windows writes TIS-620 unless told."""
    return cell.isascii() or not _NOT_UTF8.search(cell)


# --- Writing --------------------------------------------------------------------------


def jsonl_pieces(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield rows as JSON lines, to be written one after another."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def csv_pieces(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[bytes]:
    """Yield rows as CSV that spreadsheets open as it is: lists joined by spaces."""
    lines: list[str] = []
    writer = csv.writer(_Lines(lines))
    writer.writerow(columns)
    yield b"\xef\xbb\xbf" + lines.pop().encode()
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in columns])
        yield lines.pop().encode()


def cell(value: object) -> str:
    """Return a value as a spreadsheet's cell, which no program takes for a formula.

    >>> cell(["a", "b"]), cell(None), cell("=1+1")
    ('a b', '', "'=1+1")
    """
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return " ".join("" if part is None else cell(part) for part in value)
    text = (
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    )
    return f"'{text}" if isinstance(value, str) and _is_risky(text) else text


def _is_risky(text: str) -> bool:
    """Return whether a spreadsheet might take a text for a formula."""
    if text[:1] in ("+", "-"):
        return _NUMBER.fullmatch(text) is None
    return text[:1] in ("=", "@", "\t", "\r")


def _is_guarded(text: str) -> bool:
    return text[:1] == "'" and _is_risky(text[1:])


class _Lines:
    """A file that keeps each line that is written."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, line: str) -> int:
        """Keep ``line``."""
        self._lines.append(line)
        return len(line)
