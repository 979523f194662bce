"""The generated code is up to date, passes the linter, and uses Magenta's message classes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb


def test_the_generated_files_are_up_to_date_and_the_protos_pass_the_linter(
    repository: Path,
) -> None:
    """The committed files are those that ``make protos`` writes."""
    done = subprocess.run(
        [sys.executable, str(repository / "protos" / "gen.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_stale_files_are_found(repository: Path, tmp_path: Path) -> None:
    """In a copy of the protos, a changed field makes all dependent files stale."""
    script = _copy(repository, tmp_path)
    proto = tmp_path / "protos/magenta_bridge/v1/generator.proto"
    text = proto.read_text(encoding="utf-8")
    proto.write_text(text.replace("string unit = 6;", "string unit = 8;"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "generator_pb2.py" in done.stderr
    assert "magenta_bridge.v1.json" in done.stderr
    assert "magenta_bridge.v1.js.json" in done.stderr
    assert "make protos" in done.stderr


def test_a_field_without_a_comment_is_rejected(repository: Path, tmp_path: Path) -> None:
    script = _copy(repository, tmp_path)
    proto = tmp_path / "protos/magenta_bridge/v1/generator.proto"
    text = proto.read_text(encoding="utf-8")
    proto.write_text(text.replace("  // One sentence for a musician.\n", ""), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "comment" in done.stdout


def _copy(repository: Path, folder: Path) -> Path:
    """Copy the input and output of the script, and return the copy of the script."""
    for pattern in (
        "protos/**/*.proto",
        "protos/*.json",
        "protos/*.py",
        "protos/*.yaml",
        "magenta_bridge/v1/*",
        "magenta_bridge/*.py",
    ):
        for source in repository.glob(pattern):
            if source.is_file():
                target = folder / source.relative_to(repository)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
    return folder / "protos" / "gen.py"


def test_requests_use_magentas_note_sequence() -> None:
    """It is the same class, so it needs no conversion."""
    assert type(pb.GenerateRequest().primer) is NoteSequence
    code = (
        "from magenta_bridge.v1 import generation_pb2, generation_pb2_grpc; import sys; "
        "assert not {'librosa', 'bokeh', 'tensorflow', 'pandas'} & set(sys.modules); "
        "import warnings; warnings.simplefilter('ignore'); import note_seq; "
        "assert type(generation_pb2.GenerateRequest().primer) is note_seq.NoteSequence"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_json_describes_the_same_messages(repository: Path) -> None:
    """A class that is created from the JSON parses a message that Python serialized."""
    text = (repository / "protos" / "magenta_bridge.v1.json").read_text(encoding="utf-8")
    pool = DescriptorPool()
    for file in ParseDict(json.loads(text), FileDescriptorSet()).file:
        pool.Add(file)
    found = pool.FindMessageTypeByName("magenta_bridge.v1.GenerateRequest")
    written = pb.GenerateRequest(generator_id="lstm_melody", seed=7, variations=2)
    written.primer.notes.add(pitch=60, velocity=80, end_time=0.5)
    read = GetMessageClass(found).FromString(written.SerializeToString())
    assert str(read) == str(written)
