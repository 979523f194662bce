"""Run a command for a limited time: ``python -m tests.run_limited SECONDS COMMAND ...``.

Beyond the limit the command and all its child processes are killed, and the exit status is 1.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys

import psutil


def main(words: list[str]) -> int:
    """Run the command and return its exit status."""
    limit_s = float(words[0])
    with subprocess.Popen(words[1:]) as process:
        try:
            return process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            print(f"The run took longer than {limit_s:g} s and is ended.", file=sys.stderr)
            _kill_all(psutil.Process(process.pid))
            return 1
        except KeyboardInterrupt:
            return process.wait()


def _kill_all(process: psutil.Process) -> None:
    for each in [*process.children(recursive=True), process]:
        with contextlib.suppress(psutil.Error):
            each.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
