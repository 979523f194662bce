"""Run all benchmarks, print their JSON lines and write docs/benchmarks/speed.md.

``python -m benchmarks.bench`` runs every file in ``benchmarks/`` that has a row in
``tables.SECTIONS``; the others compare music or readers and are run by hand. Magenta.js is
measured, too, if Node.js is installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.bench.tables import MISSING, SECTIONS, Line, write_tables

ROOT: Final = Path(__file__).resolve().parent.parent.parent
DOCUMENT: Final = ROOT / "docs" / "benchmarks" / "speed.md"
PEERS: Final = ROOT / "benchmarks" / "peers"
_NO_NODE: Final = (
    "Magenta.js was not measured: install Node.js 18 or later with npm, and run make bench again."
)
_NO_PACKAGES: Final = (
    "Magenta.js was not measured: npm failed to install it; run npm install in benchmarks/peers."
)


def main() -> None:
    """Run the benchmarks and write the document."""
    lines: list[Line] = []
    measured = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    for name in sorted(measured & {section.benchmark for section in SECTIONS}):
        found = _lines([sys.executable, "-m", f"benchmarks.{name}"], ROOT)
        lines += [{"benchmark": name, **line} for line in found]
    lines += _measure_peers()
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(write_tables(lines), encoding="utf-8")
    print(f"Wrote {DOCUMENT.relative_to(ROOT)}.", file=sys.stderr)


def _measure_peers() -> list[Line]:
    """Measure Magenta.js, or print why it cannot be measured."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return _not_measured(_NO_NODE)
    if not (PEERS / "node_modules").is_dir():
        install = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        if subprocess.run(install, cwd=PEERS, check=False).returncode:
            shutil.rmtree(PEERS / "node_modules", ignore_errors=True)
            return _not_measured(_NO_PACKAGES)
    return list(_lines([node, "melody_rnn.cjs"], PEERS))


def _not_measured(sentence: str) -> list[Line]:
    print(sentence, file=sys.stderr)
    return [{"benchmark": "peers", MISSING: sentence}]


def _lines(command: Sequence[str], folder: Path) -> Iterator[Line]:
    """Run a benchmark; print and yield its lines as they arrive."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            found: Line = json.loads(line)
            yield found
    if process.returncode:
        raise SystemExit(f"The benchmark {command[-1]} failed; see its message above.")


if __name__ == "__main__":
    main()
