"""Shows clips in notebooks: a piano roll, and a player if there is a SoundFont."""

from __future__ import annotations

import base64
import io
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from magenta_bridge.noteseq import NoteSequence

# IPython compares these names when it shows an object, so that no class is loaded for them.
_MODULE, _NAME = "note_seq.protobuf.music_pb2", "NoteSequence"
_SAMPLE_RATE: Final = 22_050
# This takes 26 MB of sound in the notebook's file.
_LONGEST_AUDIO_SECONDS: Final = 600.0


def register() -> None:
    """Show clips as HTML in the running IPython shell, if there is one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        formatter.for_type_by_name(_MODULE, _NAME, to_html)


def to_html(clip: NoteSequence) -> str:
    """Return a clip as HTML with its picture and, if it can be rendered, its sound."""
    from magenta_bridge.errors import MagentaBridgeError
    from magenta_bridge.render.audio import wav_bytes
    from magenta_bridge.render.piano_roll import NEW_COLOR, Layer, draw_piano_roll

    picture = io.BytesIO()
    draw_piano_roll([Layer(clip, NEW_COLOR)]).save(picture, "PNG", optimize=True)
    html = (
        f'<img alt="Piano roll of {len(clip.notes)} notes" style="max-width: 100%" '
        f'src="data:image/png;base64,{_base64(picture.getvalue())}">'
    )
    end = max((note.end_time for note in clip.notes), default=0.0)
    if not 0.0 < end <= _LONGEST_AUDIO_SECONDS:
        return html
    try:
        sound = wav_bytes(clip, sample_rate=_SAMPLE_RATE, mono=True)
    except MagentaBridgeError:
        return html
    source = f"data:audio/wav;base64,{_base64(sound)}"
    return f'{html}<br><audio controls src="{source}"></audio>'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
