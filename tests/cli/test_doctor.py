"""``magenta-bridge doctor`` checks the installation and says how to fix it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from magenta_bridge.cli.doctor import checks
from magenta_bridge.cli.doctor.checks import CheckResult, Verdict, ok
from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.errors import BundleError, NotFoundError
from magenta_bridge.generators.bundle import shipped_bundles
from tests.cli.program import run_program


def test_a_complete_installation_passes_and_warnings_have_advice() -> None:
    result = run_program("doctor", "--json")
    report = json.loads(result.stdout)
    assert (result.returncode, report["healthy"]) == (0, True), result.stdout
    subjects = [check["subject"] for check in report["checks"]]
    assert {"python", "packages", "bundles", "one bar of lstm_melody", "server"} <= set(subjects)
    assert all(check["advice"] for check in report["checks"] if check["verdict"] != "OK")


def test_each_line_begins_with_its_verdict() -> None:
    lines = CliRunner().invoke(magenta_bridge, ["doctor"]).output.splitlines()
    assert {line.split()[0] for line in lines if not line.startswith(" ")} <= {"OK", "WARN", "FAIL"}


def test_tensorflow_is_not_imported() -> None:
    code = (
        "import sys\n"
        "from magenta_bridge.cli.doctor.checks import check_packages, check_training\n"
        "list(check_packages()), check_training()\n"
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_a_damaged_bundle_fails_with_advice_and_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise BundleError("lstm_melody.mag is damaged.")

    monkeypatch.setattr("magenta_bridge.generators.loading.load_registry", fail)
    result = CliRunner().invoke(magenta_bridge, ["doctor"])
    assert result.exit_code == 1
    assert "FAIL  bundles: lstm_melody.mag is damaged." in result.output


def test_a_check_that_raises_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_luck() -> CheckResult:
        raise OSError("no luck")

    def check_weather() -> Iterator[CheckResult]:
        yield ok("weather", "dry")

    monkeypatch.setattr(
        "magenta_bridge.cli.doctor._CHECKS", {"luck": check_luck, "weather": check_weather}
    )
    result = CliRunner().invoke(magenta_bridge, ["doctor"])
    assert result.exit_code == 1
    assert "FAIL  luck: OSError: no luck" in result.output
    assert "OK    weather: dry" in result.output


def test_a_missing_package_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = ["click>=8", "surely-not-installed>=1", 'absent; extra == "train"']
    requirements.append('of-an-older-python>=1; python_version < "3.10"')
    monkeypatch.setattr("importlib.metadata.requires", lambda _: requirements)
    missing, found = checks.check_packages()
    assert (missing.verdict, missing.text) == (Verdict.FAIL, "not installed: surely-not-installed")
    assert missing.advice == "Run: pip install surely-not-installed"
    assert "click" in found.text


def test_without_tensorflow_training_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = checks.check_training()
    assert result.verdict is Verdict.OK
    assert "magenta-bridge[train]" in result.text


def test_a_port_is_free_or_used_by_another_program() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert "is free" in checks.check_port(port).text
        other.listen()
        result = checks.check_port(port)
    assert result.verdict is Verdict.WARN
    assert f"--port {port + 1}" in result.advice


def test_missing_midi_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_MIDI_PROBE", "raise SystemError('no sequencer')")
    result = checks.check_midi_ports()
    assert result.verdict is Verdict.WARN
    assert "no sequencer" in result.text


def test_midi_ports_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_MIDI_PROBE", """print('[["Keys"], ["Synth", "IAC"]]')""")
    assert checks.check_midi_ports() == ok("midi ports", "in: Keys; out: Synth, IAC")


def test_a_missing_sound_font_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing() -> None:
        raise NotFoundError("The SoundFont is missing.")

    monkeypatch.setattr("magenta_bridge.render.audio.find_sound_font", find_nothing)
    assert checks.check_sound_font().verdict is Verdict.WARN


def test_a_folder_of_bundles_is_checked(tmp_path: Path) -> None:
    """A valid bundle generates a bar; a damaged bundle and a missing folder fail."""
    melody = next(path for path in shipped_bundles() if path.stem == "lstm_melody")
    (tmp_path / "good.mag").write_bytes(melody.read_bytes())
    (tmp_path / "bad.mag").write_bytes(b"no bundle")
    found = {result.subject: result for result in checks.check_bundle_folder(tmp_path)}
    assert found["one bar of lstm_melody"].verdict is Verdict.OK
    assert found["bad.mag"].verdict is Verdict.FAIL
    assert "bad.mag" in found["bad.mag"].text
    assert [each.verdict for each in checks.check_bundle_folder(tmp_path / "none")] == [
        Verdict.FAIL
    ]
