"""The house stays tidy: sizes, imports, error texts and what may be committed."""

import ast
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

from fieldkit import errors
from tests.house import make_errors_doc
from tests.house.source import (
    ROOT,
    error_texts,
    functions,
    modules,
    raised,
    strings,
    tree,
)

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
EDGES = ("store", "exchange", "client", "app", "cli")
EDGE_LIBRARIES = {"fastapi", "requests", "rich", "sqlalchemy", "sqlcipher3", "typer"}
TEXT_SUFFIXES = {
    "",
    ".cddl",
    ".csv",
    ".json",
    ".md",
    ".py",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
}
# Written in two parts, so that this file may be committed itself.
NOT_TO_BE_COMMITTED = [
    "pypi" + ".org",
    "python" + "hosted.org",
    f"{ROOT}/",
]


def test_every_file_has_a_bounded_length() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in modules()}

    assert [path for path, n in lengths.items() if n > FILE_LINES_MAX] == []


def test_every_function_has_a_bounded_length() -> None:
    found = [(path, *function) for path in modules() for function in functions(path)]

    assert [f for f in found if f[2] > FUNCTION_LINES_MAX] == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = [path for path in modules() if not ast.get_docstring(tree(path))]

    assert silent == []


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh Python holds after ``statement``."""
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("package", ["fieldkit", "sync_server"])
def test_importing_the_package_loads_no_edge(package: str) -> None:
    loaded = loaded_by(f"import {package}")

    assert package in loaded
    assert loaded & {f"fieldkit.{edge}" for edge in EDGES} == set()
    assert loaded & EDGE_LIBRARIES == set()


def test_importing_the_core_loads_no_edge() -> None:
    core = ["crypto", "thai", "forms", "records", "sync", "merge", "cases"]

    loaded = loaded_by("import " + ", ".join(f"fieldkit.{name}" for name in core))

    assert {f"fieldkit.{name}" for name in core} <= loaded
    assert loaded & {f"fieldkit.{edge}" for edge in EDGES} == set()
    assert loaded & EDGE_LIBRARIES == set()


def test_every_error_that_is_raised_has_a_text() -> None:
    codes = {code for path in modules() for code, _ in raised(path)}

    assert codes - set(error_texts()) == set()


def test_every_text_belongs_to_an_error() -> None:
    written = {text for path in modules() for text in strings(path)}

    assert set(error_texts()) - written == set()


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_error_says_what_happened_and_what_to_do(language: str) -> None:
    needed = {language, f"todo_{language}"}

    poor = [
        code
        for code, texts in error_texts().items()
        if not all(texts.get(key, "").strip() for key in needed)
    ]

    assert poor == []


def placeholders(texts: dict[str, str]) -> set[str]:
    parts = Formatter().parse(" ".join(texts.values()))
    return {name for _, name, _, _ in parts if name}


def test_every_error_is_raised_with_the_details_that_its_text_names() -> None:
    texts = error_texts()

    short = [
        (path.name, code, missing)
        for path in modules()
        for code, given in raised(path)
        if "**" not in given and (missing := placeholders(texts.get(code, {})) - given)
    ]

    assert short == []


def test_a_code_written_with_a_missing_detail_still_prints() -> None:
    for code in error_texts():
        error = errors.FieldKitError(code)

        assert error.message("th")
        assert error.hint("th")


def test_the_page_of_errors_is_what_its_maker_makes() -> None:
    assert make_errors_doc.PAGE.read_text("utf-8") == make_errors_doc.page(), (
        "run `make fix`"
    )


def committed() -> list[Path]:
    command = ["git", "ls-files", "-z"]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if run.returncode:
        pytest.skip("not a git clone")
    paths = [ROOT / name for name in run.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix in TEXT_SUFFIXES]


def test_no_machine_or_registry_is_named_in_a_committed_file() -> None:
    named = [
        (path.relative_to(ROOT), words)
        for path in committed()
        for words in NOT_TO_BE_COMMITTED
        if words in path.read_text("utf-8", errors="replace")
    ]

    assert named == []
