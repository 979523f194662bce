"""Reads broken files in a process with little memory; run by the tests as a program.

The argument chooses the files. Each must be refused by a typed error within two seconds; the
first that is not ends the process with a sentence.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.formats.midi import midi_to_note_sequence
from tests.formats.broken_files import broken_files, mutated_files, truncated_files

MEMORY_BYTES = 512 << 20
SECONDS = 2.0


def limit_memory() -> None:
    """Bound what this process may allocate from here on, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def refuse_all(files: Iterable[tuple[str, bytes]]) -> None:
    """Read files all of which must be refused."""
    for name, data in files:
        start = time.perf_counter()
        try:
            midi_to_note_sequence(data, name=name)
        except MagentaBridgeError as error:
            if not error.message.startswith(name):
                raise SystemExit(f"the error does not name {name}: {error}") from error
        else:
            raise SystemExit(f"{name} was accepted")
        if time.perf_counter() - start > SECONDS:
            raise SystemExit(f"{name} took longer than {SECONDS} s")


def survive_all(files: Iterable[bytes]) -> None:
    """Read files that may be sound or not; only our errors may come out."""
    for data in files:
        try:
            midi_to_note_sequence(data)
        except MagentaBridgeError:
            continue


if __name__ == "__main__":
    limit_memory()
    if sys.argv[1] == "broken":
        refuse_all(broken_files().items())
    elif sys.argv[1] == "mutated":
        survive_all(mutated_files(int(sys.argv[2]), int(sys.argv[3])))
    else:
        refuse_all(truncated_files(sys.argv[1]))
