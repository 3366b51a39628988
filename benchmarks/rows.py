"""The data: persons of one invented province, the same on every machine."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import zstandard

from fieldkit.thai.invented import Answers, Province

SEED: Final = 1
ZSTD_LEVEL: Final = 9
"""The level to which sealed bytes are compared: whole file, JSON lines."""

Row = dict[str, Any]


def people(count: int, skip: int = 0) -> Iterator[Answers]:
    """Yield ``count`` persons of the province after the first ``skip``."""
    return islice(Province(SEED).people(skip + count), skip, None)


def line_of(answers: Answers) -> str:
    """Return one record as a line of JSON."""
    return json.dumps(answers, ensure_ascii=False)


def write_rows(path: Path, count: int, skip: int = 0) -> Path:
    """Write ``count`` persons as JSON lines and return the file."""
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            file.writelines(line_of(one) + "\n" for one in people(count, skip))
    return path


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def compressed_bytes(path: Path) -> int:
    """Return the size of the whole file under zstd, as a yardstick for the wire."""
    return len(zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(path.read_bytes()))
