"""A clip in a notebook shows its notes and plays them."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image
from traitlets.config import Config

from magenta_bridge.errors import NotFoundError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.render import notebook


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    yield InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    InteractiveShell.clear_instance()


def _clip(end: float = 1.0) -> NoteSequence:
    clip = NoteSequence(total_time=end)
    clip.notes.add(pitch=60, velocity=80, end_time=end)
    return clip


def _embedded(html: str, kind: str) -> io.BytesIO:
    found = re.search(rf'src="data:{kind};base64,([^"]+)"', html)
    assert found is not None
    return io.BytesIO(base64.b64decode(found.group(1)))


def test_a_clip_shows_itself_and_plays(shell: InteractiveShell) -> None:
    notebook.register()
    show: Any = shell.display_formatter
    html = show.format(_clip())[0]["text/html"]
    assert Image.open(_embedded(html, "image/png")).width > 100
    with wave.open(_embedded(html, "audio/wav")) as sound:
        assert sound.getnframes() > sound.getframerate()
    assert "text/html" not in show.format(_clip().notes[0])[0]


@pytest.mark.parametrize("clip", [NoteSequence(), _clip(700.0)], ids=["empty", "too long"])
def test_a_clip_without_sound_shows_only_its_picture(clip: NoteSequence) -> None:
    html = notebook.to_html(clip)
    assert "image/png" in html
    assert "audio" not in html


def test_a_clip_is_shown_without_a_sound_font(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_given: object) -> Path:
        raise NotFoundError("There is no SoundFont.")

    monkeypatch.setattr("magenta_bridge.render.audio.find_sound_font", missing)
    assert "audio" not in notebook.to_html(_clip())


def test_importing_the_package_in_a_shell_is_enough(tmp_path: Path) -> None:
    code = (
        "import magenta_bridge as mb, sys; assert 'numpy' not in sys.modules; "
        "html = get_ipython().display_formatter.formatters['text/html']; html.enabled = True; "
        "print(html(mb.NoteSequence())[:4])"
    )
    result = subprocess.run(
        [sys.executable, "-m", "IPython", "--HistoryManager.enabled=False", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={"IPYTHONDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )
    assert result.stdout == "<img\n"
