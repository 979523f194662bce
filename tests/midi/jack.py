"""JACK servers with a dummy driver, and programs on them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 60.0


@dataclass
class Jack:
    """A JACK server of a test's own.

    Attributes:
        name: What the server is called.
    """

    name: str
    _server: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use this server and no other MIDI system."""
        return {
            **os.environ,
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
            "MAGENTA_BRIDGE_MIDI": "jack",
        }

    def start(self) -> None:
        """Starts the server, and returns once it answers."""
        self._server = subprocess.Popen(
            ["jackd", "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "128"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: "system:" in self.ports(), f"jackd -n {self.name} does not answer")

    def ports(self) -> str:
        """Returns the names of all ports, one a line."""
        listing = subprocess.run(
            ["jack_lsp"], env=self.environment, capture_output=True, text=True, check=False
        )
        return listing.stdout

    def kill(self) -> None:
        """Ends the server without warning."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def stop(self) -> None:
        """Ends the server, and removes what was left in shared memory."""
        # JACK has room for eight servers, and keeps the place of one that was killed until a
        # server of that name ends in order.
        if self._server is None:
            self.start()
        if self._server is not None:
            self._server.terminate()
            self._server.wait(PATIENCE_S)
        for left in Path("/dev/shm").glob(f"jack*{self.name}*"):  # noqa: S108
            left.unlink(missing_ok=True)


@contextlib.contextmanager
def jack_server(name: str) -> Iterator[Jack]:
    """Runs a server; its name carries the process's number, so that tests may run side by side."""
    jack = Jack(f"{name}-{os.getpid()}")
    jack.start()
    try:
        yield jack
    finally:
        jack.stop()


class Program:
    """A program of ``tests.midi.jack_programs`` on a server; it prints a line for each event.

    Args:
        jack: The server.
        arguments: The name of the program, and what it is given.
    """

    def __init__(self, jack: Jack, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.midi.jack_programs", *arguments],
            env=jack.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self) -> str:
        """Returns the next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def told(self, line: str) -> None:
        """Gives it a line to read."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> str:
        """Closes its input; returns the rest of what it says, once it has ended."""
        return self.process.communicate(timeout=PATIENCE_S)[0].strip()

    def kill(self) -> None:
        """Ends it without warning."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def program(jack: Jack, *arguments: str) -> Iterator[Program]:
    """Runs a program, and ends it if the test did not."""
    running = Program(jack, *arguments)
    with running.process:
        try:
            yield running
        finally:
            running.kill()


class FluidSynth:
    """A synthesizer on a server, which plays into a file of sound in real time."""

    def __init__(self, jack: Jack, sound_font: Path, sound: Path) -> None:
        self.sound = sound
        settings = {
            "midi.jack.server": jack.name,
            "audio.file.name": str(sound),
            "audio.file.type": "wav",
            # Reverberation goes on after a note, which here would be a note that hangs.
            "synth.reverb.active": "no",
            "synth.chorus.active": "no",
        }
        options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        self._process = subprocess.Popen(
            ["fluidsynth", "-q", "-a", "file", "-m", "jack", *options, str(sound_font)],
            env=jack.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: "fluidsynth-midi:midi_00" in jack.ports(), "fluidsynth has no port")

    def play_on(self, seconds: float) -> None:
        """Waits until that much more sound has been written, 44,100 stereo frames a second."""
        size = self.sound.stat().st_size + int(seconds * 44_100 * 4)
        wait_until(lambda: self.sound.stat().st_size >= size, "fluidsynth does not play")

    def end(self) -> None:
        """Finishes the file."""
        self._process.communicate(b"quit\n", timeout=PATIENCE_S)


def wait_until(happened: Callable[[], bool], otherwise: str) -> None:
    """Looks until something has happened."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)
