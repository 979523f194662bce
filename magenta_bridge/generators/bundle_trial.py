"""The process in which ``read_bundle`` tries an unknown program.

It has limits on memory and time; Windows has no limit on memory, and macOS enforces none.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Final

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.generators.bundle import REFUSED, open_bundle
from magenta_bridge.generators.loading import make_generator, warm_up
from magenta_bridge.limits import BUNDLE_TRIAL_BYTES, BUNDLE_TRIAL_SECONDS
from magenta_bridge.noteseq import GeneratorBundle
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.verification import verify_program

# Bytes of memory for each byte of a bundle: copies while it is verified, and those of LiteRT.
_COPIES: Final = 8


def main() -> int:
    """Try the bundle on standard input; print why it is refused.

    Returns:
        The exit status: 0 if it may be loaded.
    """
    raw = sys.stdin.buffer.read()
    _limit_resources(BUNDLE_TRIAL_BYTES.value + _COPIES * len(raw))
    name = "The bundle"
    try:
        bundle = GeneratorBundle.FromString(raw)
        program = StepProgram(bundle.metagraph_file)
        verify_program(program.flatbuffer)
        if program.loops:
            program.loop_session()
        with contextlib.suppress(MagentaBridgeError):  # other faults are found again on loading
            warm_up(make_generator(open_bundle(bundle, name), name))
    except MagentaBridgeError as error:
        sys.stdout.buffer.write(error.message.encode(errors="backslashreplace"))
        return REFUSED
    return 0


def _limit_resources(memory: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    seconds = BUNDLE_TRIAL_SECONDS.value
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
