"""The contents of the built wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, repository_files

PACKAGED = ("magenta_bridge/", "models/", "max_for_live/dist/")
METADATA = ("LICENSE", "README.md", "pyproject.toml", "setup.py")


def _clean_environment() -> dict[str, str]:
    """Return the environment without the settings of Python and pip."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that is built from a copy of the files in a clone."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout = folder / "checkout"
    for name in repository_files():
        if name.startswith(PACKAGED) or name in METADATA:
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, checkout / name)
    (checkout / "magenta_bridge" / "models").symlink_to("../models")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    result = subprocess.run(
        [*command, str(checkout)],
        env=_clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> frozenset[str]:
    """The paths inside the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def test_the_wheel_contains_every_module(names: frozenset[str]) -> None:
    """It has each Python file of the package and of ``models/``, at its import path."""
    expected = set()
    for path in repository_files():
        if path.startswith(PACKAGED) and path.endswith((".py", ".pyi", "py.typed")):
            expected.add(path if path.startswith("magenta_bridge/") else f"magenta_bridge/{path}")
    assert expected - names == set()


def test_the_wheel_contains_generated_code_and_bundles(names: frozenset[str]) -> None:
    """An installation can serve without further files."""
    assert "magenta_bridge/models/lstm/lstm_melody.mag" in names
    assert "magenta_bridge/models/lstm/MODEL_CARD.md" in names
    assert "magenta_bridge/py.typed" in names
    assert {f"magenta_bridge/evaluation/report/page.{kind}" for kind in ("html.j2", "css")} <= names
    assert "magenta_bridge/client/service_config.json" in names
    assert any(name.startswith("magenta_bridge/v1/") and "_pb2_grpc" in name for name in names)


def test_the_wheel_contains_every_device(names: frozenset[str]) -> None:
    """``magenta-bridge max install`` works without a checkout, in both forms."""
    built = "max_for_live/dist/"
    expected = {
        path.replace(built, "magenta_bridge/devices/")
        for path in repository_files()
        if path.startswith(built)
        and (path.endswith(".amxd") or path.removeprefix(built).count("/"))
    }
    assert {name for name in expected if name.endswith(".js")}
    assert expected - names == set()


def test_the_wheel_contains_nothing_else(names: frozenset[str]) -> None:
    """It has no tests, demos or benchmarks, and no second copy of the models."""
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"magenta_bridge"}
    assert not [name for name in names if "/tests/" in name or "__pycache__" in name]


def test_the_unpacked_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    """The models load from an installation without a checkout."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import magenta_bridge, magenta_bridge.models, sys\n"
        "print(magenta_bridge.__file__, magenta_bridge.models.__file__)\n"
        "assert 'keras' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=_clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.count(str(tmp_path)) == 2
