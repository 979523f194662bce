"""Are there MIDI ports to play to and from."""

from __future__ import annotations

import json
import subprocess
import sys

from magenta_bridge.cli.doctor.check_result import Finding, ok, warn

_PATIENCE_S = 10.0

# In a process of its own: a MIDI system that is absent or stuck prints, hangs or ends it.
_PROBE = (
    "import json; from magenta_bridge.midi.ports.ports import input_names, output_names; "
    "print(json.dumps([input_names(), output_names()]))"
)

_ADVICE = {
    "linux": "Load ALSA's sequencer, for example with: sudo modprobe snd-seq snd-virmidi",
    "darwin": "Open Audio MIDI Setup, show the MIDI Studio, and put the IAC Driver online.",
    "win32": "Install a virtual MIDI cable such as loopMIDI and add a port in it.",
}


def check_midi_ports() -> Finding:
    """Lists the MIDI ports; none is a warning, since files and Live's device need none."""
    advice = _ADVICE.get(sys.platform, "Connect a MIDI device or make a virtual port.")
    advice += " (Writing MIDI files needs no port.)"
    try:
        result = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return warn("midi ports", "the MIDI system does not answer", advice)
    if result.returncode:
        return warn("midi ports", f"no MIDI system ({_last_line(result.stderr)})", advice)
    inputs, outputs = json.loads(result.stdout.splitlines()[-1])
    if not inputs and not outputs:
        return warn("midi ports", "none", advice)
    return ok("midi ports", f"in: {_listed(inputs)}; out: {_listed(outputs)}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    # Without the class of the error.
    return lines[-1].rpartition("Error: ")[2] if lines else "it ended without a message"


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
