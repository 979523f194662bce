"""Text in MIDI files, whose standard leaves the character set open.

A name keeps its bytes: the reader notes the character set of a file in a text annotation, by
the tags of the MIDI Association's RP-026, and the writer encodes names by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magenta_bridge.noteseq import NoteSequence

# Of the code pages for Japanese and Latin script, the last decodes every byte.
_CHARSETS: Final = {"{@JP}": ("cp932",), "{@LATIN}": ("cp1252", "latin-1")}


def decode_names(names: Sequence[bytes]) -> tuple[list[str], str]:
    """Return the texts of a file's names, and the tag of their character set.

    The tag is empty for UTF-8, ``{@JP}`` for Shift-JIS and ``{@LATIN}`` for Latin-1 with the
    additions of Windows. Shift-JIS needs a name with kana, or mostly Japanese.
    """
    for tag, codecs in {"": ("utf-8",), **_CHARSETS}.items():
        for codec in codecs:
            try:
                texts = [name.decode(codec) for name in names]
            except UnicodeDecodeError:
                continue
            exact = [text.encode(codec) for text in texts] == list(names)
            if exact and (tag != "{@JP}" or any(map(_is_japanese, texts))):
                return texts, tag
    raise AssertionError("Latin-1 decodes every byte.")


def _is_japanese(text: str) -> bool:
    kana = any("\u3041" <= letter <= "\u30fa" for letter in text)
    return kana or sum(letter > "\u2e80" for letter in text) * 2 > len(text)


def note_charset(sequence: NoteSequence, tag: str) -> None:
    """Note the character set of the names, unless it is UTF-8."""
    if tag:
        sequence.text_annotations.add(text=tag)


def encode_name(sequence: NoteSequence, name: str) -> bytes:
    """Return a name in the character set that its sequence notes; in UTF-8 if that fails."""
    tags = [each.text for each in sequence.text_annotations if each.text in _CHARSETS]
    for codec in _CHARSETS[tags[0]] if tags else ():
        try:
            return name.encode(codec)
        except UnicodeEncodeError:
            continue
    return name.encode()
