"""The source as the house tests read it: files, functions and error codes."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fieldkit", "sync_server")
CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


def modules() -> list[Path]:
    """Return every Python file of the product, tests left out."""
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    """Return ``path`` parsed."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of ``path`` with its length in lines."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def raised(path: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield code and details' names of each ``SomethingError("code", ...)``.

    Details handed on as ``**details`` are named ``**``.
    """
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and node.args and _names_an_error(node.func):
            code = node.args[0]
            if isinstance(code, ast.Constant) and CODE.fullmatch(str(code.value)):
                yield str(code.value), {word.arg or "**" for word in node.keywords}


def strings(path: Path) -> Iterator[str]:
    """Yield every string written in ``path``: a code may be named in a table."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def error_texts() -> dict[str, dict[str, str]]:
    """Return the texts of ``errors.toml`` by dotted code."""
    return tomllib.loads((ROOT / "fieldkit" / "errors.toml").read_text("utf-8"))


def _names_an_error(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else ""
    name = called.id if isinstance(called, ast.Name) else name
    return name.endswith("Error")
