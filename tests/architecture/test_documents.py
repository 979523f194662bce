"""The commands, options, links, and examples of README and docs work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from magenta_bridge.cli.main import magenta_bridge
from tests.architecture.sources import ROOT, repository_files

DOCUMENTS = [path for path in repository_files() if path.endswith(".md")]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = [
    "Two commands",
    "Install",
    "First clip in Live",
    "Five lines of Python",
    "What it can do",
    "Limits",
    "Find your way",
    "License and credits",
]


def _code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _shell_lines() -> list[str]:
    blocks = [
        block
        for path in DOCUMENTS
        for block in _code_blocks((ROOT / path).read_text(encoding="utf-8"), "bash")
    ]
    lines = {line.partition("#")[0].strip() for block in blocks for line in block.splitlines()}
    return sorted(lines - {""})


def _make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))


def test_the_readme_has_its_sections_in_order() -> None:
    """The sections follow in the order in which a reader needs them."""
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == SECTIONS


def test_the_readme_opens_with_one_line_and_a_picture() -> None:
    """One sentence says what it is, and a picture follows."""
    paragraphs = README.split("\n\n")
    assert paragraphs[0] == "# Magenta Bridge"
    assert "\n" not in paragraphs[1]
    assert paragraphs[2].startswith("![")


def test_the_first_two_commands_are_demo_and_test() -> None:
    """The README's first block holds the two commands, and nothing else."""
    first = _code_blocks(README, "bash")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["make demo", "make test"]


def test_no_number_is_missing() -> None:
    """No placeholder for a number is left in a document."""
    mark = "<!-- " + "numbers"
    assert [p for p in DOCUMENTS if mark in (ROOT / p).read_text(encoding="utf-8")] == []


def test_every_make_target_in_the_documents_exists() -> None:
    """Every ``make x`` in a document is a target of the Makefile."""
    named = {
        match
        for path in DOCUMENTS
        for match in re.findall(r"`make ([a-z-]+)", (ROOT / path).read_text(encoding="utf-8"))
    }
    named |= {line.split()[1] for line in _shell_lines() if line.startswith("make ")}
    assert named - _make_targets() == set()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_link_to_a_file_resolves(path: str) -> None:
    """Linked documents and pictures exist."""
    text = (ROOT / path).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    files = [target for target in targets if "://" not in target and ":" not in target]
    assert [t for t in files if not (ROOT / path).parent.joinpath(t).exists()] == []


@pytest.mark.parametrize("line", [x for x in _shell_lines() if x.startswith("magenta-bridge ")])
def test_every_command_line_example_parses(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands and options in the documents exist and accept the values given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").symlink_to(ROOT / "models")
    (tmp_path / "my_models").mkdir()
    for name in ("tune.mid", "mine.mag"):
        (tmp_path / name).touch()
    name, *words = shlex.split(line)[1:]
    command = magenta_bridge.get_command(click.Context(magenta_bridge), name)
    assert command is not None
    if "--help" in words:
        assert words == ["--help"]
    else:
        command.make_context(name, words)
