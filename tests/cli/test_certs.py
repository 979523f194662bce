"""``magenta-bridge certs``: its files admit the right clients, and it overwrites nothing."""

from __future__ import annotations

import contextlib
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.cli.main import magenta_bridge
from tests.cli.program import run_program
from tests.server.process import running_server


def _certs(*words: str | Path) -> Result:
    return CliRunner().invoke(magenta_bridge, ["certs", *map(str, words)])


@contextlib.contextmanager
def _serving(line: str) -> Iterator[str]:
    """Run the command that serves, on a free port, and yield the port."""
    with running_server(*shlex.split(line)[2:]) as server:
        yield server.port


def _lines(report: str, kind: str) -> list[str]:
    return [line.partition(":")[2].strip() for line in report.splitlines() if line.startswith(kind)]


@pytest.mark.parametrize("clients", [[], ["--client", "laptop"]])
def test_the_printed_commands_serve_and_connect(tmp_path: Path, clients: list[str]) -> None:
    """Both commands work unchanged except for the port, and other clients are rejected."""
    folder = tmp_path / "my certs"
    created = run_program("certs", "--host", "127.0.0.1", *clients, "--output", folder)
    assert created.returncode == 0, created.stderr
    (serve,), (connect,) = _lines(created.stdout, "Serve"), _lines(created.stdout, "Connect")
    with _serving(serve) as port:
        words = shlex.split(connect.replace(":50051", f":{port}"))[1:]
        listed = run_program(*words)
        assert listed.returncode == 0, listed.stderr
        assert "lstm_melody" in listed.stdout
        server = ["--server", f"localhost:{port}", "--tls-ca", str(folder / "ca.crt")]
        stranger = run_program("generators", *server)
        assert stranger.returncode == 1
        assert stranger.stderr.count("\n") == 1
        health = run_program("health", *server)
        # If client certificates are required, health checks need one, too.
        assert (health.returncode == 0) is not bool(clients), health.stderr


def test_keys_and_tokens_are_private_and_certificates_have_their_names(
    tmp_path: Path,
) -> None:
    result = _certs("--host", "Studio.local", "--host", "[fe80::1]", "--output", tmp_path)
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["ca.crt", "ca.key", "server.crt", "server.key", "tokens.txt"]
    if sys.platform != "win32":
        for name in ("ca.key", "server.key", "tokens.txt"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    cert = x509.load_pem_x509_certificate((tmp_path / "server.crt").read_bytes())
    alternatives = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(alternatives.get_values_for_type(x509.DNSName)) == {"studio.local", "localhost"}
    addresses = map(str, alternatives.get_values_for_type(x509.IPAddress))
    assert set(addresses) == {"fe80::1", "127.0.0.1", "::1"}
    assert f"valid until {cert.not_valid_after_utc:%Y-%m-%d}" in result.output
    assert 396 <= (cert.not_valid_after_utc - cert.not_valid_before_utc).days <= 397


def test_existing_files_are_never_overwritten(tmp_path: Path) -> None:
    assert _certs("--host", "localhost", "--output", tmp_path).exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for words in (["--host", "localhost"], ["--host", "a.example", "--client", "new"]):
        result = _certs(*words, "--output", tmp_path)
        assert result.exit_code == 1
        assert "server.crt exists and is not overwritten" in result.output
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_existing_ca_signs_later_clients(tmp_path: Path) -> None:
    assert _certs("--host", "localhost", "--output", tmp_path).exit_code == 0
    authority = (tmp_path / "ca.crt").read_bytes()
    result = _certs("--client", "one", "--client", "two", "--output", tmp_path)
    assert result.exit_code == 0, result.output
    assert len(_lines(result.output, "Connect")) == 2
    assert (tmp_path / "ca.crt").read_bytes() == authority
    for name in ("one", "two"):
        files = TlsFiles(
            ca=tmp_path / "ca.crt", cert=tmp_path / f"{name}.crt", key=tmp_path / f"{name}.key"
        )
        assert files.read().cert
        cert = x509.load_pem_x509_certificate((tmp_path / f"{name}.crt").read_bytes())
        cert.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
        assert cert.subject.rfc4514_string() == f"CN={name}"


def test_a_ca_without_its_key_is_reported(tmp_path: Path) -> None:
    assert _certs("--host", "localhost", "--output", tmp_path).exit_code == 0
    (tmp_path / "ca.key").unlink()
    result = _certs("--client", "one", "--output", tmp_path)
    assert result.exit_code == 1
    assert "ca.key: No such file" in result.output


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    taken = tmp_path / "certs"
    taken.write_text("mine")
    result = _certs("--host", "localhost", "--output", taken)
    assert result.exit_code == 1
    assert "cannot be created" in result.output
    assert taken.read_text() == "mine"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--host", ""],
        ["--host", "0.0.0.0"],  # noqa: S104
        ["--host", "::"],
        ["--host", "a b"],
        ["--host", "-x.example"],
        ["--host", "x" * 64],
        ["--host", "*.example"],
        ["--host", "b\N{LATIN SMALL LETTER U WITH DIAERESIS}hne.local"],
        ["--client", "../laptop"],
        ["--client", "/laptop"],
        ["--client", "a.b"],
        ["--client", ".."],
        ["--client", ""],
        ["--client", "CA"],
        ["--client", "server"],
        ["--host", "localhost", "--days", "0"],
    ],
)
def test_invalid_names_are_usage_errors(tmp_path: Path, words: list[str]) -> None:
    result = _certs(*words, "--output", tmp_path / "certs")
    assert result.exit_code == 2, result.output
    assert not (tmp_path / "certs").exists()
