"""Files that cannot be read are named with the reason, in one table."""

from __future__ import annotations

from pathlib import Path

from magenta_bridge.data.corpus import read_corpus
from magenta_bridge.lab import FileCounter


def test_unreadable_files_are_named_in_one_table(tmp_path: Path) -> None:
    (tmp_path / "text.mid").write_text("# A heading")
    (tmp_path / "long_name.mid").write_bytes(b"MThd")
    messages: list[str] = []
    with FileCounter(lambda _: None, messages.append) as report:
        assert list(read_corpus(tmp_path, report)) == []
    lines = "\n".join(messages).splitlines()
    assert len(messages) == 1
    assert lines[0] == "Files that cannot be read: 2"
    assert lines[1].startswith(f"  {tmp_path.name}/long_name.mid  is a damaged MIDI file")
    assert lines[2].startswith(f"  {tmp_path.name}/text.mid       is not a MIDI file")


def test_a_corpus_without_faults_has_no_table() -> None:
    messages: list[str] = []
    with FileCounter(lambda _: None, messages.append) as report:
        report.note_read()
    assert messages == []
