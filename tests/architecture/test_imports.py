"""Who may import whom, and which libraries may be loaded where."""

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

LEARNING_ROOMS = (
    "models/",
    "magenta_bridge/training/",
    "magenta_bridge/evaluation/",
    "magenta_bridge/export/",
    "magenta_bridge/pianoroll_benchmark/",
    "benchmarks/generation.py",  # which makes networks to measure
)
LEARNING_LIBRARIES = {"tensorflow", "keras", "librosa", "bokeh"}
# Slow or absent on some machines: they may be imported only inside the function that needs them.
LATE_LIBRARIES = {"matplotlib", "note_seq", "pretty_midi", "rtmidi", "supriya_midi"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def test_the_layers_of_the_house_are_kept() -> None:
    """import-linter's contracts in pyproject.toml hold."""
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


def test_only_learning_rooms_import_learning_libraries() -> None:
    """TensorFlow, Keras, librosa and bokeh are imported by the rooms that learn, nowhere else."""
    offenders = [
        f"{source.path}:{node.lineno} imports {name}"
        for source in python_sources()
        if not source.path.startswith(LEARNING_ROOMS)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.stmt)
        for name in imported_names(node)
        if name.partition(".")[0] in LEARNING_LIBRARIES
    ]
    assert offenders == []


def test_slow_libraries_are_imported_late() -> None:
    """No module outside the learning rooms loads a slow library when it is imported."""
    offenders = [
        f"{source.path}:{node.lineno} imports {name} at module level"
        for source in python_sources()
        if not source.path.startswith(LEARNING_ROOMS)
        for node in walk_module_level(source.tree)
        for name in imported_names(node)
        if name.partition(".")[0] in LATE_LIBRARIES
    ]
    assert offenders == []


def test_generated_code_takes_note_sequence_from_the_light_door() -> None:
    """Generated modules never run note_seq's own ``__init__``."""
    offenders = []
    for path in repository_files():
        if path.startswith(GENERATED) and path.endswith(".py"):
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            for node in walk_module_level(tree):
                if any(name.startswith("note_seq") for name in imported_names(node)):
                    offenders.append(f"{path}:{node.lineno}")
    assert offenders == []


def test_every_module_is_named_for_what_it_holds() -> None:
    """No file or folder of code has a vague name."""
    folders = ("magenta_bridge/", "models/", "protos/", "benchmarks/", "demo/", "tests/")
    offenders = [
        source.path
        for source in python_sources(folders)
        if VAGUE_NAMES & {part.removesuffix(".py") for part in source.path.split("/")}
    ]
    assert offenders == []


def test_a_relative_import_never_hides_a_room() -> None:
    """Modules name each other in full, so that a reader and a linter see the room."""
    offenders = [
        f"{source.path}:{node.lineno}"
        for source in python_sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert offenders == []
