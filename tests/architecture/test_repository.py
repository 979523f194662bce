"""The repository has all required files and no machine-specific or large ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT, repository_files

# Written so that the pattern does not match its own line.
# Allowed: the folders of Homebrew and MacPorts, and the placeholder users "me" and "Public".
MACHINE_PATH = re.compile(
    r"(?<![\w.$}~-])/(?:(?:home|root|work|farm|mnt)/|opt/(?!homebrew/|local/)|Users/(?!me/|Public/|\.\.\.))[\w.]"
)
BINARY = (".mag", ".mid", ".npz", ".png", ".wav", ".amxd", ".binpb")
TRAINED_BUNDLES_BYTES = 20 << 20
LARGEST_FILE_BYTES = 10 << 20


def _texts() -> dict[str, str]:
    return {
        path: (ROOT / path).read_text(encoding="utf-8")
        for path in repository_files()
        if not path.endswith(BINARY)
    }


def _model_folders() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "models").glob("*/__init__.py"))


def test_no_file_contains_a_machine_path() -> None:
    """No text contains an absolute path of a developer's computer."""
    offenders = [
        f"{path}: {found.group()}"
        for path, text in _texts().items()
        if (found := MACHINE_PATH.search(text))
    ]
    assert offenders == []


def test_no_text_contains_conflict_markers() -> None:
    """Merge are complete."""
    marker = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
    assert [path for path, text in _texts().items() if marker.search(text)] == []


def test_the_lock_has_no_index_urls() -> None:
    """Locked requirements are names and versions; the user chooses the index."""
    for name in ("base.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert not re.search(r"^-", text, re.MULTILINE)


def test_the_base_lock_excludes_training() -> None:
    """Serving does not install TensorFlow, Keras or matplotlib."""
    text = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(tensorflow|keras|matplotlib|jax|torch)\b(?!-inline)", text, re.M)


def test_the_locks_agree() -> None:
    """The tests run with the versions that users install."""
    base, dev = (
        {
            line.split("#")[0].rstrip("\\ ")
            for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
            if re.match(r"\S+==", line)
        }
        for name in ("base.txt", "dev.txt")
    )
    pins = {line.split(";")[0].strip() for line in dev}
    assert {line.split(";")[0].strip() for line in base} <= pins


def test_every_model_family_has_its_network_recipe_and_card() -> None:
    """Each folder of ``models/`` has a network, a recipe and a model card."""
    folders = _model_folders()
    assert folders
    for folder in folders:
        assert (folder / "network.py").is_file(), folder.name
        assert list(folder.glob("*.toml")), folder.name
        assert (folder / "MODEL_CARD.md").is_file(), folder.name


def test_trained_bundles_stay_small() -> None:
    """The trained bundles have at most 20 MiB in total, and each file at most 10 MiB."""
    sizes = {path: (ROOT / path).stat().st_size for path in repository_files()}
    bundles = {path: size for path, size in sizes.items() if path.endswith(".mag")}
    assert bundles
    assert sum(bundles.values()) <= TRAINED_BUNDLES_BYTES
    assert {path: n for path, n in sizes.items() if n > LARGEST_FILE_BYTES} == {}


def test_models_cannot_be_imported_as_models() -> None:
    """``import models`` in a checkout fails, and the error has the correct name."""
    result = subprocess.run(
        [sys.executable, "-c", "import models"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "magenta_bridge.models" in result.stderr.splitlines()[-1]


def test_the_license_is_apache_2() -> None:
    """LICENSE is the complete Apache License 2.0."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.splitlines()) > 190


def test_ci_runs_only_make_test() -> None:
    """``.ci/run`` runs the command of the README in the root folder."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
