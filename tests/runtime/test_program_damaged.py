"""What is no program is refused in words, also where native code reads the bytes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import BundleError
from magenta_bridge.runtime.program import StepProgram
from tests.runtime.programs import a_program, with_description, with_output, with_signature

# In a process of its own: a native crash is then a failed test and not the end of the run.
LOADER = """
import sys
from pathlib import Path
from magenta_bridge.errors import BundleError
from magenta_bridge.runtime.program import StepProgram

for file in sys.argv[1:]:
    try:
        StepProgram(Path(file).read_bytes()).session()
    except BundleError:
        continue
    sys.exit(f"{file} was accepted")
"""


def refused_in_a_process(files: list[Path]) -> None:
    """Fails unless each file is refused with a BundleError."""
    command = [sys.executable, "-c", LOADER, *map(str, files)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (result.returncode, result.stderr) == (0, "")


def written(folder: Path, contents: list[bytes]) -> list[Path]:
    """Writes each content into a file of its own."""
    files = [folder / f"{index}.tflite" for index in range(len(contents))]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    return files


def test_a_program_cut_short_is_refused(tmp_path: Path) -> None:
    """Wherever the copy broke off."""
    program = a_program()
    ends = [8, 12, 64, 500, 5_000, len(program) // 2, len(program) - 4_096, len(program) - 1]
    refused_in_a_process(written(tmp_path, [program[:end] for end in ends]))


def test_noise_behind_the_right_first_bytes_is_refused(tmp_path: Path) -> None:
    noise = random.Random(5)  # noqa: S311
    sizes = [0, 1, 8, 100, 1_000, 10_000, 100_000]
    heads = [b"\x1c\0\0\0TFL3", b"\0\0\0\0TFL3", b"\xff\xff\xff\xffTFL3"]
    contents = [head + noise.randbytes(size) for head in heads for size in sizes]
    refused_in_a_process(written(tmp_path, contents))


@pytest.mark.parametrize("content", [b"", b"TFL3", bytes(100), b"PK\x03\x04 a Keras archive"])
def test_another_kind_of_file_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match="contains no LiteRT program"):
        StepProgram(content)


def test_a_program_that_says_nothing_of_itself_is_refused() -> None:
    with pytest.raises(BundleError, match="has no metadata"):
        StepProgram(with_description(a_program(), None))


@pytest.mark.parametrize("description", [b"", b"{", b"[]", b"\xff\xfe", b"7", b'"x"'])
def test_a_description_that_cannot_be_read_is_refused(description: bytes) -> None:
    with pytest.raises(BundleError):
        StepProgram(with_description(a_program(), description))


def test_a_description_of_a_gigabyte_would_be_refused() -> None:
    """One byte over the limit is enough to tell."""
    with pytest.raises(BundleError):
        StepProgram(with_description(a_program(), b" " * (1 << 20) + b"{}"))


def test_a_program_without_a_step_is_refused() -> None:
    with pytest.raises(BundleError, match="LiteRT program"):
        StepProgram(with_signature(a_program(), "serving_default")).session()


@pytest.mark.parametrize("output", ["logits", "state_0"])
def test_a_program_without_one_of_its_outputs_is_refused(output: str) -> None:
    with pytest.raises(BundleError, match="has no step"):
        StepProgram(with_output(a_program(), output, "other")).session()
