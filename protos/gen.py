"""Compile the protos into ``magenta_bridge/v1`` and into JSON for JavaScript.

``make protos`` runs it. Magenta's protos come from the descriptors in the installed note-seq, so
the repository needs no copy of them.

    python protos/gen.py            write the generated files
    python protos/gen.py --check    only check; exit with 1 if a committed file is stale
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.resources
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.json_format import MessageToDict

PROTOS: Final = Path(__file__).resolve().parent
ROOT: Final = PROTOS.parent
PACKAGE: Final = Path("magenta_bridge/v1")
JSON_NAME: Final = Path("protos/magenta_bridge.v1.json")
JAVASCRIPT_NAME: Final = Path("protos/magenta_bridge.v1.js.json")

# Exact versions, because the generated code depends on them and contains them.
TOOLS: Final = {"grpcio-tools": "1.85.1", "mypy-protobuf": "5.1.0"}

# ``from note_seq.protobuf`` would import note_seq, which takes seconds.
_HEAVY_IMPORT: Final = re.compile(r"^from note_seq\.protobuf import ", re.MULTILINE)
_LIGHT_IMPORT: Final = "from magenta_bridge.noteseq import "


def check_tools() -> None:
    """Check the versions of the tools.

    Raises:
        SystemExit: A tool is missing or has another version; the message says what to install.
    """
    for name, required in TOOLS.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "none"
        if found != required:
            raise SystemExit(
                f"{name} {required} is required, found {found}; run: pip install {name}=={required}"
            )


def write_magenta_descriptors(path: Path) -> None:
    """Write the FileDescriptorSet of the installed note-seq."""
    sys.path.insert(0, str(ROOT))
    from magenta_bridge.noteseq import generator_pb2, music_pb2

    descriptors = FileDescriptorSet()
    for module in (music_pb2, generator_pb2):
        module.DESCRIPTOR.CopyToProto(descriptors.file.add())
    path.write_bytes(descriptors.SerializeToString(deterministic=True))


def _protoc(*arguments: str) -> None:
    include = importlib.resources.files("grpc_tools") / "_proto"
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTOS}"]
    sources = [path.relative_to(PROTOS).as_posix() for path in _sources()]
    # The plugins of mypy-protobuf are next to the interpreter, which may not be on the PATH.
    plugins = [
        f"--plugin={name}={Path(sys.executable).parent / name}"
        for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")
    ]
    subprocess.run(  # noqa: S603 - fixed arguments
        [*command, f"--proto_path={include}", *plugins, *arguments, *sources], check=True
    )


def _sources() -> list[Path]:
    return sorted(PROTOS.glob("magenta_bridge/**/*.proto"))


def compile_python(out: Path, magenta: Path) -> None:
    """Compile the protos to Python with type stubs, in ``out``."""
    _protoc(
        f"--descriptor_set_in={magenta}",
        f"--python_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--mypy_grpc_out=quiet:{out}",
    )
    for path in (out / PACKAGE).glob("*_pb2*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(_HEAVY_IMPORT.sub(_LIGHT_IMPORT, text), encoding="utf-8")
    for path in (out / PACKAGE).glob("*_pb2_grpc.py"):
        # protoc writes an empty file for a proto without a service.
        if "\nclass " not in path.read_text(encoding="utf-8"):
            path.unlink()
            path.with_suffix(".pyi").unlink()


def compile_image(path: Path, magenta: Path) -> None:
    """Write all descriptors with comments, including Magenta's, for ``buf``."""
    _protoc(
        f"--descriptor_set_in={magenta}",
        f"--descriptor_set_out={path}",
        "--include_imports",
        "--include_source_info",
    )


def read_descriptors(image: Path) -> FileDescriptorSet:
    """Return all descriptors without comments, and those of error details and health."""
    from google.protobuf import any_pb2, duration_pb2
    from google.rpc import error_details_pb2, status_pb2
    from grpc_health.v1 import health_pb2

    descriptors = FileDescriptorSet.FromString(image.read_bytes())
    present = {file.name for file in descriptors.file}
    for module in (any_pb2, duration_pb2, error_details_pb2, status_pb2, health_pb2):
        if module.DESCRIPTOR.name not in present:
            module.DESCRIPTOR.CopyToProto(descriptors.file.add())
    for file in descriptors.file:
        file.ClearField("source_code_info")
    return descriptors


def write_json(out: Path, image: Path) -> None:
    """Write the descriptors as JSON, for any library and for protobuf.js, in ``out``."""
    sys.path.insert(0, str(ROOT))
    from protos.protobufjs import as_protobufjs

    descriptors = read_descriptors(image)
    rows = {JSON_NAME: MessageToDict(descriptors), JAVASCRIPT_NAME: as_protobufjs(descriptors)}
    for name, row in rows.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # protobuf.js takes the first value of an enum as its default, so the order must stay.
        text = json.dumps(row, indent=1, sort_keys=name != JAVASCRIPT_NAME)
        path.write_text(text + "\n", encoding="utf-8")


def generate(out: Path) -> None:
    """Write all generated files to ``out``, at their paths in the repository."""
    with tempfile.TemporaryDirectory() as scratch:
        magenta = Path(scratch) / "magenta.binpb"
        image = Path(scratch) / "image.binpb"
        write_magenta_descriptors(magenta)
        compile_python(out, magenta)
        compile_image(image, magenta)
        write_json(out, image)


def generated_files(root: Path) -> dict[str, bytes]:
    """Return the generated files in ``root``, by relative path."""
    names = (JSON_NAME, JAVASCRIPT_NAME)
    paths: Iterable[Path] = [
        *(root / PACKAGE).glob("*_pb2*.py*"),
        *(root / name for name in names),
    ]
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()
    }


def stale_files() -> list[str]:
    """Return the generated files that are missing, obsolete or outdated."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh = generated_files(Path(scratch))
    committed = generated_files(ROOT)
    names = fresh.keys() | committed.keys()
    return sorted(name for name in names if fresh.get(name) != committed.get(name))


def lint() -> None:
    """Lint the protos with buf.

    Raises:
        SystemExit: buf is missing or has printed errors.
    """
    buf = Path(sys.executable).parent / "buf"
    if not buf.is_file():
        raise SystemExit("buf is missing; run: pip install buf-bin")
    with tempfile.TemporaryDirectory() as scratch:
        magenta = Path(scratch) / "magenta.binpb"
        image = Path(scratch) / "image.binpb"
        write_magenta_descriptors(magenta)
        compile_image(image, magenta)
        command = [str(buf), "lint", str(image), "--config", str(PROTOS / "buf.yaml")]
        done = subprocess.run(command, check=False)  # noqa: S603 - fixed arguments
    if done.returncode:
        raise SystemExit(done.returncode)


def main() -> None:
    """Generate or check the files."""
    parser = argparse.ArgumentParser(description="Compile the protos.")
    parser.add_argument("--check", action="store_true", help="only list stale files")
    check = parser.parse_args().check
    check_tools()
    lint()
    if not check:
        generate(ROOT)
        return
    stale = stale_files()
    if stale:
        raise SystemExit(f"Stale: {', '.join(stale)}. Run: make protos")


if __name__ == "__main__":
    main()
