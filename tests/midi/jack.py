"""JACK servers with a dummy driver, and programs that use them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.midi.bounded import TIMEOUT_S, ChildProgram, child_program, wait_for

_STOP_TRIES = 3


@dataclass
class Jack:
    """A JACK server for tests.

    Attributes:
        name: Name of the server.
    """

    name: str
    _server: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program that uses this server and no other MIDI system."""
        return {
            **os.environ,
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
            "MAGENTA_BRIDGE_MIDI": "jack",
        }

    def start(self) -> None:
        """Start the server and wait until it responds."""
        server = subprocess.Popen(
            ["jackd", "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "128"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._server = server
        try:
            wait_for(
                lambda: server.poll() is not None or "system:" in self.ports(),
                f"a response of jackd -n {self.name}",
            )
        except BaseException:
            self.kill()
            raise
        if server.returncode is not None:
            self._server = None
            pytest.fail(
                f"jackd ended with code {server.returncode}. JACK has room for eight servers, "
                "including killed ones."
            )

    def ports(self) -> str:
        """Return the names of all ports, one per line; nothing if the server does not respond."""
        try:
            listing = subprocess.run(
                ["jack_lsp"],
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=TIMEOUT_S / 4,
            )
        except subprocess.TimeoutExpired:
            return ""
        return listing.stdout

    def kill(self) -> None:
        """Kill the server."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(TIMEOUT_S)
            self._server = None

    def stop(self) -> None:
        """End the server and remove its shared memory."""
        # JACK has room for eight servers, and keeps the slot of one that was killed, or that ended
        # by SIGPIPE because of a killed client, until a server of that name ends normally.
        for _ in range(_STOP_TRIES):
            if self._server is None:
                self.start()
            if self._terminate() == 0:
                break
        for path in Path("/dev/shm").glob(f"jack*{self.name}*"):  # noqa: S108
            path.unlink(missing_ok=True)

    def _terminate(self) -> int | None:
        """End the server; return its exit code, None if it had to be killed."""
        assert self._server is not None
        self._server.terminate()
        try:
            code: int | None = self._server.wait(TIMEOUT_S)
            self._server = None
        except subprocess.TimeoutExpired:
            code = None
            self.kill()
        return code


@contextlib.contextmanager
def jack_server(name: str) -> Iterator[Jack]:
    """Run a server; its name contains the PID, so that tests can run in parallel."""
    jack = Jack(f"{name}-{os.getpid()}")
    jack.start()
    try:
        yield jack
    finally:
        jack.stop()


def jack_program(jack: Jack, *arguments: str) -> AbstractContextManager[ChildProgram]:
    """Run a program of ``tests.midi.jack_programs``, which prints a line for each event."""
    return child_program(
        sys.executable, "-m", "tests.midi.jack_programs", *arguments, environment=jack.environment
    )


class FluidSynth:
    """A synthesizer on a server that renders to a file in real time."""

    def __init__(self, jack: Jack, sound_font: Path, sound: Path) -> None:
        self.sound = sound
        settings = {
            "midi.jack.server": jack.name,
            "audio.file.name": str(sound),
            "audio.file.type": "wav",
            # Reverberation continues after a note and would look like a hung note.
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
        wait_for(lambda: "fluidsynth-midi:midi_00" in jack.ports(), "the port of fluidsynth")

    def render(self, seconds: float) -> None:
        """Wait until that much more sound is written, at 44,100 stereo frames per second."""
        size = self.sound.stat().st_size + int(seconds * 44_100 * 4)
        wait_for(lambda: self.sound.stat().st_size >= size, "the sound of fluidsynth")

    def finish(self) -> None:
        """Complete the file."""
        try:
            self._process.communicate(b"quit\n", timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
