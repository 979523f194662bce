"""Rules of import: between packages, and of slow libraries."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import (
    GENERATED,
    ROOT,
    imported_names,
    python_sources,
    repository_files,
    walk_module_level,
)

TRAINING_PACKAGES = (
    "models/",
    "magenta_bridge/training/",
    "magenta_bridge/evaluation/",
    "magenta_bridge/export/",
    "magenta_bridge/pianoroll_benchmark/",
    "benchmarks/generation.py",  # builds networks to measure
)
TRAINING_LIBRARIES = {"tensorflow", "keras", "librosa", "bokeh"}
# Slow, or missing on some machines: imported only inside the functions that need them.
LATE_LIBRARIES = {"matplotlib", "note_seq", "pretty_midi", "rtmidi", "supriya_midi"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def test_packages_import_only_lower_layers() -> None:
    """The contracts of import-linter in pyproject.toml hold."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    result = subprocess.run(
        [program, "--no-cache"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_only_training_packages_import_training_libraries() -> None:
    """Only training packages import TensorFlow, Keras, librosa and bokeh."""
    offenders = [
        f"{source.path}:{node.lineno} imports {name}"
        for source in python_sources()
        if not source.path.startswith(TRAINING_PACKAGES)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.stmt)
        for name in imported_names(node)
        if name.partition(".")[0] in TRAINING_LIBRARIES
    ]
    assert offenders == []


def test_slow_libraries_are_imported_late() -> None:
    """Importing a module outside the training packages loads no slow library."""
    offenders = [
        f"{source.path}:{node.lineno} imports {name} at module level"
        for source in python_sources()
        if not source.path.startswith(TRAINING_PACKAGES)
        for node in walk_module_level(source.tree)
        for name in imported_names(node)
        if name.partition(".")[0] in LATE_LIBRARIES
    ]
    assert offenders == []


def test_generated_code_does_not_import_note_seq() -> None:
    """Generated modules get NoteSequence without the slow ``note_seq/__init__``."""
    offenders = []
    for path in repository_files():
        if path.startswith(GENERATED) and path.endswith(".py"):
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            for node in walk_module_level(tree):
                if any(name.startswith("note_seq") for name in imported_names(node)):
                    offenders.append(f"{path}:{node.lineno}")
    assert offenders == []


def test_no_module_has_a_vague_name() -> None:
    """Files and folders of code are named by their content."""
    folders = ("magenta_bridge/", "models/", "protos/", "benchmarks/", "demo/", "tests/")
    offenders = [
        source.path
        for source in python_sources(folders)
        if VAGUE_NAMES & {part.removesuffix(".py") for part in source.path.split("/")}
    ]
    assert offenders == []


def test_imports_are_absolute() -> None:
    """No module uses a relative import."""
    offenders = [
        f"{source.path}:{node.lineno}"
        for source in python_sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert offenders == []
