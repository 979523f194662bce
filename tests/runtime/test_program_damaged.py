"""Invalid programs are rejected with a clear error, before native code reads them."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import BundleError
from magenta_bridge.runtime.program import StepProgram
from tests.runtime.programs import a_program, with_description, with_output, with_signature

# In a separate process, so that a native crash fails one test only.
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


def check_rejected(files: list[Path]) -> None:
    """Check that loading each file raises BundleError."""
    command = [sys.executable, "-c", LOADER, *map(str, files)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (result.returncode, result.stderr) == (0, "")


def written(folder: Path, contents: list[bytes]) -> list[Path]:
    """Write each content to a file."""
    files = [folder / f"{index}.tflite" for index in range(len(contents))]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    return files


def test_a_truncated_program_is_rejected(tmp_path: Path) -> None:
    """At any length."""
    program = a_program()
    ends = [8, 12, 64, 500, 5_000, len(program) // 2, len(program) - 4_096, len(program) - 1]
    check_rejected(written(tmp_path, [program[:end] for end in ends]))


def test_noise_after_a_valid_header_is_rejected(tmp_path: Path) -> None:
    noise = random.Random(5)  # noqa: S311
    sizes = [0, 1, 8, 100, 1_000, 10_000, 100_000]
    heads = [b"\x1c\0\0\0TFL3", b"\0\0\0\0TFL3", b"\xff\xff\xff\xffTFL3"]
    contents = [head + noise.randbytes(size) for head in heads for size in sizes]
    check_rejected(written(tmp_path, contents))


@pytest.mark.parametrize("content", [b"", b"TFL3", bytes(100), b"PK\x03\x04 a Keras archive"])
def test_a_file_of_another_type_is_rejected(content: bytes) -> None:
    with pytest.raises(BundleError, match="contains no LiteRT program"):
        StepProgram(content)


def test_a_program_without_metadata_is_rejected() -> None:
    with pytest.raises(BundleError, match="has no metadata"):
        StepProgram(with_description(a_program(), None))


@pytest.mark.parametrize("description", [b"", b"{", b"[]", b"\xff\xfe", b"7", b'"x"'])
def test_invalid_metadata_is_rejected(description: bytes) -> None:
    with pytest.raises(BundleError):
        StepProgram(with_description(a_program(), description))


def test_large_metadata_is_rejected() -> None:
    """One byte over the limit."""
    with pytest.raises(BundleError):
        StepProgram(with_description(a_program(), b" " * (1 << 20) + b"{}"))


def test_a_program_without_a_step_is_rejected() -> None:
    with pytest.raises(BundleError, match="LiteRT program"):
        StepProgram(with_signature(a_program(), "serving_default")).session()


@pytest.mark.parametrize("output", ["logits", "state_0"])
def test_a_program_with_a_missing_output_is_rejected(output: str) -> None:
    with pytest.raises(BundleError, match="has no step"):
        StepProgram(with_output(a_program(), output, "other")).session()
