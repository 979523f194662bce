"""The repository is in order: its files, its models, its license and what is left out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT, repository_files

# Written so that the pattern does not match its own line.
# Homebrew and MacPorts have their folders on every Mac, and neither "me" nor "Public" is anybody.
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


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    """No text holds an absolute path of someone's computer."""
    offenders = [
        f"{path}: {found.group()}"
        for path, text in _texts().items()
        if (found := MACHINE_PATH.search(text))
    ]
    assert offenders == []


def test_no_text_holds_the_rest_of_a_merge() -> None:
    """Conflict markers do not slip in."""
    marker = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
    assert [path for path, text in _texts().items() if marker.search(text)] == []


def test_the_lock_names_no_place_to_load_from() -> None:
    """Locked requirements are names and versions; where they come from is the user's choice."""
    for name in ("base.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert not re.search(r"^-", text, re.MULTILINE)


def test_the_base_lock_holds_nothing_of_training() -> None:
    """Serving installs neither TensorFlow nor Keras nor matplotlib."""
    text = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(tensorflow|keras|matplotlib|jax|torch)\b(?!-inline)", text, re.M)


def test_both_locks_agree() -> None:
    """What the tests run with is what a producer gets."""
    base, dev = (
        {
            line.split("#")[0].strip()
            for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
            if "==" in line
        }
        for name in ("base.txt", "dev.txt")
    )
    pins = {line.split(";")[0].strip() for line in dev}
    assert {line.split(";")[0].strip() for line in base} <= pins


def test_every_model_family_has_its_network_recipe_and_card() -> None:
    """A folder below ``models/`` is complete."""
    folders = _model_folders()
    assert folders
    for folder in folders:
        assert (folder / "network.py").is_file(), folder.name
        assert list(folder.glob("*.toml")), folder.name
        assert (folder / "MODEL_CARD.md").is_file(), folder.name


def test_trained_bundles_stay_small() -> None:
    """All trained bundles together take at most 20 MB, and no file is a burden to a clone."""
    sizes = {path: (ROOT / path).stat().st_size for path in repository_files()}
    bundles = {path: size for path, size in sizes.items() if path.endswith(".mag")}
    assert bundles
    assert sum(bundles.values()) <= TRAINED_BUNDLES_BYTES
    assert {path: n for path, n in sizes.items() if n > LARGEST_FILE_BYTES} == {}


def test_models_refuse_to_be_imported_by_their_folder() -> None:
    """``import models`` from the checkout fails with a sentence that says the right name."""
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
    """LICENSE is the whole Apache License 2.0."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.splitlines()) > 190


def test_ci_runs_the_test_command_and_nothing_else() -> None:
    """``.ci/run`` moves to the root and says what the README says."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
