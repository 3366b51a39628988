"""Each import rule is seen to fail when it is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, ROOT

pytestmark = pytest.mark.slow

# The rule, the file that breaks it, and what is planted there.
BROKEN = [
    (
        "Data walks forward, imports look back",
        "fieldkit/records/planted.py",
        "import fieldkit.merge",
    ),
    (
        "Data walks forward, imports look back",
        "fieldkit/utils.py",
        "import fieldkit.errors",
    ),
    (
        "The core does no IO",
        "fieldkit/merge/planted.py",
        "import time",
    ),
    (
        "The core does no IO",
        "fieldkit/crypto/planted.py",
        "import secrets",
    ),
    (
        "The server meets the device only in the core",
        "sync_server/storage/planted.py",
        "import fieldkit.store",
    ),
    (
        "fieldkit knows no server",
        "fieldkit/cli/planted.py",
        "import sync_server",
    ),
    (
        "import fieldkit loads no edge",
        "fieldkit/__init__.py",
        "import fieldkit.exchange",
    ),
    (
        "Only the client touches the store",
        "fieldkit/cli/planted.py",
        "import fieldkit.store",
    ),
    (
        "The server's own order",
        "sync_server/storage/planted.py",
        "import sync_server.routes",
    ),
    (
        "HTTP stays at the server's door",
        "sync_server/storage/planted.py",
        "import starlette",
    ),
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a copy of the product that a test may spoil."""
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "data", "static")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(house: Path, name: str, line: str) -> None:
    with (house / name).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def lint_imports(house: Path) -> str:
    """Return what ``lint-imports`` prints in ``house``."""
    program = "from importlinter.cli import lint_imports_command as c; c()"
    command = [sys.executable, "-c", program, "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200"}
    run = subprocess.run(
        command, cwd=house, env=environment, check=False, capture_output=True, text=True
    )
    return run.stdout


def test_the_house_as_it_stands_keeps_every_rule(house: Path) -> None:
    said = lint_imports(house)

    assert " 0 broken" in said
    assert "BROKEN" not in said


@pytest.mark.parametrize(("rule", "name", "line"), BROKEN)
def test_a_broken_rule_is_reported(
    house: Path, rule: str, name: str, line: str
) -> None:
    plant(house, name, line)

    assert f"{rule} BROKEN" in lint_imports(house)


def test_a_cycle_inside_a_folder_is_reported(house: Path) -> None:
    plant(house, "fieldkit/records/first.py", "import fieldkit.records.second")
    plant(house, "fieldkit/records/second.py", "import fieldkit.records.first")

    assert "No cycles inside a folder BROKEN" in lint_imports(house)
