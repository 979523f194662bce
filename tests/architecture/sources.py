"""List and parse the files of the repository, for the architecture tests."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = "magenta_bridge/v1/"
OWN_CODE = ("magenta_bridge/", "models/", "protos/", "benchmarks/", "demo/")


@dataclass(frozen=True)
class Source:
    """A Python file that is not generated.

    Attributes:
        path: Path relative to the repository, with forward slashes.
        text: The content.
        tree: The syntax tree.
    """

    path: str
    text: str
    tree: ast.Module


@cache
def repository_files() -> tuple[str, ...]:
    """Return every file that is tracked, or would be after ``git add --all``.

    Returns:
        Sorted paths relative to the repository; links are not followed.
    """
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    names = {name for name in listing.stdout.split("\0") if name}
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


@cache
def python_sources(folders: tuple[str, ...] = OWN_CODE) -> tuple[Source, ...]:
    """Parse the Python files in ``folders``, without generated code."""
    found = []
    for name in repository_files():
        if name.endswith(".py") and name.startswith(folders) and not name.startswith(GENERATED):
            text = (ROOT / name).read_text(encoding="utf-8")
            found.append(Source(name, text, ast.parse(text, filename=name)))
    return tuple(found)


def walk_module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run when the module is imported.

    These include the bodies of ``if``, ``try``, ``with`` and classes, but neither functions nor
    the body of ``if TYPE_CHECKING``.
    """
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.stmt):
            yield node
        pending.extend(ast.iter_child_nodes(node))


def imported_names(node: ast.AST) -> list[str]:
    """Return the dotted names that an import statement loads; none for other nodes."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
