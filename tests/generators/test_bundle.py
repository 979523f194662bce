"""Bundles are read as they were written; other files are refused."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import BundleError, LimitExceededError, NotFoundError
from magenta_bridge.generators.bundle import read_bundle, read_bundle_id, write_bundle
from magenta_bridge.limits import BUNDLE_BYTES
from magenta_bridge.noteseq import GeneratorBundle
from tests.runtime.programs import a_program

# In a separate process, where a native crash fails the test instead of ending the run.
LOADER = """
import sys
from pathlib import Path
from magenta_bridge.errors import BundleError
from magenta_bridge.generators.loading import load_generator

for file in sys.argv[1:]:
    try:
        load_generator(Path(file))
    except BundleError as error:
        if Path(file).name not in error.message:
            sys.exit(f"{file}: {error.message}")
        continue
    sys.exit(f"{file} was accepted")
"""


@pytest.fixture
def bundle_file(tmp_path: Path) -> Path:
    """A small bundle: a shipped program, and no network."""
    path = tmp_path / "small.mag"
    write_bundle(
        path,
        generator_id="small",
        description="A small one.",
        details="Trained on nothing.",
        program=a_program(),
        network=b"PK: a Keras archive",
    )
    return path


def refused(path: Path) -> str:
    """Return the message about a file that is not one of our bundles."""
    with pytest.raises(BundleError) as caught:
        read_bundle(path)
    assert path.name in caught.value.message
    return caught.value.message


def test_a_bundle_is_read_as_it_was_written(bundle_file: Path) -> None:
    bundle = read_bundle(bundle_file)
    assert (bundle.id, bundle.description) == ("small", "A small one.")
    assert bundle.details == "Trained on nothing."
    assert bundle.network == b"PK: a Keras archive"
    assert bundle.metadata["encoding"] == "melody"


def test_an_id_can_be_read_alone(bundle_file: Path, tmp_path: Path) -> None:
    assert read_bundle_id(bundle_file) == "small"
    broken = tmp_path / "broken.mag"
    broken.write_bytes(b"MThd")
    assert read_bundle_id(broken) == "broken"
    assert read_bundle_id(tmp_path / "nowhere.mag") == "nowhere"


def test_a_bundle_is_magentas(bundle_file: Path) -> None:
    """Any reader of Magenta's GeneratorBundle finds what it looks for."""
    held = GeneratorBundle.FromString(bundle_file.read_bytes())
    assert held.generator_details.id == "small"
    assert held.bundle_details.description == "Trained on nothing."
    assert held.metagraph_file == a_program()


def test_writing_leaves_nothing_else_behind_and_replaces_the_old(bundle_file: Path) -> None:
    before = bundle_file.read_bytes()
    write_bundle(
        bundle_file, generator_id="new", description="", details="", program=b"", network=b""
    )
    assert [path.name for path in bundle_file.parent.iterdir()] == [bundle_file.name]
    assert bundle_file.read_bytes() != before


def test_equal_bundles_are_equal_files(bundle_file: Path, tmp_path: Path) -> None:
    bundle = read_bundle(bundle_file)
    again = tmp_path / "again.mag"
    write_bundle(
        again,
        generator_id=bundle.id,
        description=bundle.description,
        details=bundle.details,
        program=a_program(),
        network=bundle.network,
    )
    assert again.read_bytes() == bundle_file.read_bytes()


def test_a_damaged_bundle_never_reaches_the_runtime(bundle_file: Path, tmp_path: Path) -> None:
    """Cut short or with a bit flipped, it is refused without a crash."""
    whole, noise = bundle_file.read_bytes(), random.Random(3)  # noqa: S311
    copies = [whole[: noise.randrange(len(whole))] for _ in range(20)]
    regions = [(0, 4_000), (len(whole) - 40_000, len(whole)), (0, len(whole))]
    for first, last in regions * 30:
        copy = bytearray(whole)
        copy[noise.randrange(first, last)] ^= 1 << noise.randrange(8)
        copies.append(bytes(copy))
    files = []
    for index, content in enumerate(copies):
        files.append(tmp_path / f"damaged{index}.mag")
        files[-1].write_bytes(content)
    command = [sys.executable, "-c", LOADER, *map(str, files)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "content",
    [b"", b"MThd\0\0\0\6\0\1\0\1\1\xe0", b"PK\3\4", b"\0" * 100, b"# Magenta Bridge\n" * 9],
    ids=["empty", "MIDI", "zip", "zeros", "text"],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.mag"
    path.write_bytes(content)
    assert "give a .mag" in refused(path)


def test_a_bundle_of_magentas_is_refused(tmp_path: Path) -> None:
    """It has a TensorFlow checkpoint and its graph instead of our program."""
    held = GeneratorBundle(checkpoint_file=[b"a checkpoint"], metagraph_file=b"\x0a\x05graph")
    held.generator_details.id = "attention_rnn"
    held.generator_details.description = "Melody RNN with attention."
    path = tmp_path / "attention_rnn.mag"
    path.write_bytes(held.SerializeToString())
    assert "did not make it" in refused(path)


def test_a_complete_bundle_without_a_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.mag"
    write_bundle(
        path, generator_id="x", description="", details="", program=b"no program", network=b""
    )
    assert "contains no LiteRT program" in refused(path)


def test_a_missing_bundle_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nowhere\.mag"):
        read_bundle(tmp_path / "nowhere.mag")


def test_a_folder_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_bundle(tmp_path)


def test_an_oversized_bundle_is_refused_unread(tmp_path: Path) -> None:
    """A sparse file: it uses no space on the disk, and must not use memory."""
    path = tmp_path / "huge.mag"
    with path.open("wb") as file:
        file.truncate(BUNDLE_BYTES.value + 1)
    with pytest.raises(LimitExceededError, match=r"huge\.mag"):
        read_bundle(path)
