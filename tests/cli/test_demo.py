"""The demo and the startup benchmark run."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.cli.program import ROOT


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_demo_writes_notes_picture_and_sound() -> None:
    files = [ROOT / "demo" / name for name in ("clip.mid", "clip.png", "clip.wav")]
    for file in files:
        file.unlink(missing_ok=True)
    result = _run("demo/run.py")
    assert result.returncode == 0, result.stderr
    assert all(file.stat().st_size > 100 for file in files)
    assert all(str(file) in result.stdout for file in files)
    assert result.stdout.count("  .venv/bin/magenta-bridge ") == 3


def test_the_startup_benchmark_prints_one_json_line() -> None:
    result = _run("benchmarks/startup.py", "--runs", "1")
    assert result.returncode == 0, result.stderr
    (line,) = result.stdout.splitlines()
    report = json.loads(line)
    assert report["steps"] == 64
    assert 0 < report["numpy_seconds"] < report["seconds"]
    assert report["peak_mb"] < 250
