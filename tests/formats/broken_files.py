"""Files that are not sound MIDI and have no obvious repair, each with its name."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.formats.midi_files import C_NOTE, header, midi, track

MUSIC = Path(__file__).parents[1] / "data" / "midi"


NOISE = random.Random(1).randbytes(100_000)  # noqa: S311


def broken_files() -> dict[str, bytes]:
    """Return every broken file by its name."""
    return {
        "empty": b"",
        "four bytes": b"MThd",
        "text": b"# A heading\n",
        "riff": b"RIFF\x00\x00\x00\x00RMID" + midi(track(C_NOTE)),
        "zeros": bytes(100_000),
        "0xFF flood": b"\xff" * 300_000,
        "0xFF flood behind a header": header() + b"\xff" * 300_000,
        "0xFF flood in a track": midi(track(b"\xff" * 300_000)),
        "random": NOISE,
        "random behind a header": header() + NOISE,
        "random in a track": midi(track(NOISE)),
        "short header": b"MThd\x00\x00\x00\x04\x00\x01\x00\x01",
        "huge header": b"MThd\xff\xff\xff\xff" + header()[8:],
        "format 3": midi(track(C_NOTE), midi_format=3),
        "format 2": midi(track(C_NOTE), track(C_NOTE), midi_format=2),
        "division 0": midi(track(C_NOTE), division=0),
        "SMPTE": midi(track(C_NOTE), division=0xE728),
        "tick bomb": midi(track(b"\xff\xff\xff\x7f" + C_NOTE[1:])),
        "65,535 tracks claimed": header(tracks=65_535) + track(C_NOTE),
        "65,535 tracks": midi(*[track(b"")] * 65_535),
        "a track missing": header(tracks=2) + track(C_NOTE),
        "track cut off at an event": header() + track(C_NOTE)[:-4],
        "five-byte delta": midi(track(b"\x80\x80\x80\x80\x00" + C_NOTE[1:])),
        "running status from nowhere": midi(track(b"\x00\x3c\x40")),
        "status F1": midi(track(b"\x00\xf1\x3c" + C_NOTE)),
        "meta event longer than its track": midi(track(b"\x00\xff\x01\xff\xff\xff\x7f" + C_NOTE)),
        "200,001 tempos": midi(track(b"\x00\xff\x51\x03\x07\xa1\x20" * 200_001)),
        "5 MiB": midi(track(b"\x00\x90\x3c\x00" * (5 << 18))),
    }


def truncated_files(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield a test file cut off at every byte, under names that say where."""
    whole = (MUSIC / name).read_bytes()
    for length in range(len(whole)):
        yield f"{name} cut at {length}", whole[:length]


def mutated_files(count: int, seed: int) -> Iterator[bytes]:
    """Yield test files with a few bytes changed, cut out, put in or doubled.

    Most changes keep the length, or else no file would get past the lengths of its chunks.
    """
    rng = random.Random(seed)  # noqa: S311
    originals = [path.read_bytes() for path in sorted(MUSIC.glob("*.mid"))]
    for _ in range(count):
        data = bytearray(rng.choice(originals))
        for _ in range(rng.randint(1, 4)):
            kind = rng.choices(("flip", "set", "cut", "insert", "double"), (8, 8, 1, 1, 1))[0]
            mutate(data, kind, rng)
        yield bytes(data)


def mutate(data: bytearray, kind: str, rng: random.Random) -> None:
    """Change ``data`` at a random place."""
    at, size = rng.randrange(len(data)), rng.randint(1, 8)
    if kind == "flip":
        data[at] ^= 1 << rng.randrange(8)
    elif kind == "set":
        data[at] = rng.choice((0, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    elif kind == "cut":
        del data[at : at + size]
    elif kind == "insert":
        data[at:at] = rng.randbytes(size)
    else:
        data[at:at] = data[at : at + 4 * size]
