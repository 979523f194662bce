"""Random MIDI messages in virtual time: no thread of the player fails, and every note ends."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import mido
import pytest

from magenta_bridge.midi.hub import MidiHub, MidiSignal, TextureType
from magenta_bridge.midi.ports.reconnecting_port import SteadyInput
from tests.fuzz import COUNT
from tests.midi.bounded import run_bounded
from tests.midi.generators import OctaveGenerator, StreamingOctaveGenerator
from tests.midi.harness import CLOCK, END_CALL, LOOP, MUTATE, PANIC, Harness
from tests.midi.virtual_clock import VirtualClock

# Streams of messages to one player, before it is stopped.
_STREAMS = 20
_MESSAGES = 12
_PAUSES_S = (0.0, 0.0, 0.0, 0.01, 0.03, 0.2, 1.0)
_CONTROLS = (64, 66, 69, 120, 121, 123, 126, 127, PANIC, END_CALL, MUTATE, LOOP, CLOCK)
_VALUES = (0, 1, 63, 64, 127)
_REAL_TIME = ("clock", "start", "continue", "stop", "active_sensing", "reset", "tune_request")


def _message(noise: random.Random) -> mido.Message:
    channel, pitch = noise.choice((0, 0, 0, 9, 15)), noise.choice((0, 60, 61, 64, 127))
    kind = noise.random()
    if kind < 0.3:
        return mido.Message("note_on", channel=channel, note=pitch, velocity=noise.choice(_VALUES))
    if kind < 0.5:
        return mido.Message("note_off", channel=channel, note=pitch, velocity=noise.choice(_VALUES))
    if kind < 0.75:
        control = noise.choice((*_CONTROLS, noise.randrange(128)))
        value = noise.choice(_VALUES)
        return mido.Message("control_change", channel=channel, control=control, value=value)
    if kind < 0.85:
        return mido.Message(noise.choice(_REAL_TIME))
    others: tuple[tuple[str, dict[str, Any]], ...] = (
        ("songpos", {"pos": noise.choice((0, 1, 16, 16_383))}),
        ("song_select", {"song": noise.randrange(128)}),
        ("quarter_frame", {"frame_type": noise.randrange(8)}),
        ("sysex", {"data": [noise.randrange(128) for _ in range(noise.randrange(40))]}),
        ("pitchwheel", {"channel": channel, "pitch": noise.randint(-8_192, 8_191)}),
        ("program_change", {"channel": channel, "program": noise.randrange(128)}),
        ("aftertouch", {"channel": channel, "value": noise.randrange(128)}),
        ("polytouch", {"channel": channel, "note": pitch, "value": noise.randrange(128)}),
    )
    name, values = noise.choice(others)
    return mido.Message(name, **values)


@pytest.mark.timeout(10_800)
@pytest.mark.parametrize("ticks", ["internal", "signal"])
@pytest.mark.parametrize("kind", [OctaveGenerator, StreamingOctaveGenerator])
def test_no_stream_of_messages_ends_the_player_or_hangs_a_note(
    ticks: str, kind: type[OctaveGenerator], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: failed.append(failure.exc_value))
    noise = random.Random(f"{ticks} {kind.__name__}")  # noqa: S311
    for _ in range(max(COUNT // (4 * _STREAMS), 1)):
        harness = Harness(VirtualClock(automatic=False))
        harness.hub = MidiHub(
            [harness.keys],
            [harness.output],
            noise.choice((TextureType.MONOPHONIC, TextureType.POLYPHONIC)),
            passthrough=noise.random() < 0.5,
            clock=harness.clock,
        )
        options: dict[str, Any] = {}
        if ticks == "signal":
            signal = MidiSignal(control=CLOCK, value=127)
            options = {"tick_duration": None, "clock_signal": signal}
        harness.start(kind(), **options)
        for _ in range(_STREAMS if COUNT else 8):
            for _ in range(_MESSAGES):
                harness.keys.send(_message(noise))
                harness.advance(noise.choice(_PAUSES_S))
            assert not failed
        _close(harness)
        assert not failed
        assert _sounding(harness.port.messages) == set()


def _close(harness: Harness) -> None:
    """End the player in the order of its process."""
    if isinstance(harness.generator, StreamingOctaveGenerator):
        harness.generator.released.set()
    assert harness.interaction is not None
    run_bounded(harness.interaction.stop, "the stop of the interaction")
    run_bounded(harness.hub.close, "the close of the hub")
    harness.output.close()
    harness.output.ledger.close(remove=True)


def _sounding(messages: Sequence[mido.Message]) -> set[tuple[int, int]]:
    """Return channel and pitch of the notes that a synthesizer still plays."""
    sounding: set[tuple[int, int]] = set()
    for message in messages:
        if message.type == "note_on" and message.velocity:
            sounding.add((message.channel, message.note))
        elif message.type in ("note_on", "note_off"):
            sounding.discard((message.channel, message.note))
        elif message.type == "control_change" and message.control in (120, 123, 124, 125, 126, 127):
            sounding = {each for each in sounding if each[0] != message.channel}
    return sounding


def test_random_bytes_of_a_port_are_messages_or_nothing() -> None:
    noise = random.Random(4)  # noqa: S311
    received: list[mido.Message] = []
    port, end = SteadyInput.__new__(SteadyInput), _RawEnd()  # opens no port
    port.callback = received.append
    port.prepare(end)
    for _ in range(max(COUNT, 2_000)):
        size = noise.choice((0, 1, 2, 3, 4, 40))
        end.deliver([noise.choice((noise.randrange(256), 0x90, 60, 0xF7)) for _ in range(size)])
    assert {message.type for message in received} >= {"note_on", "note_off", "clock"}


class _RawEnd:
    """What RtMidi gives for an input."""

    deliver_to: Callable[[tuple[list[int], float], None], None]

    def ignore_types(self, **_: bool) -> None:
        pass

    def set_callback(self, callback: Callable[[tuple[list[int], float], None], None]) -> None:
        self.deliver_to = callback

    def deliver(self, data: list[int]) -> None:
        self.deliver_to((data, 0.0), None)
