"""``magenta-bridge certs``: what it makes lets the right ones in, and it overwrites nothing."""

from __future__ import annotations

import contextlib
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.cli.main import magenta_bridge
from tests.cli.program import PROGRAM, run_program


def _certs(*words: str | Path) -> Result:
    return CliRunner().invoke(magenta_bridge, ["certs", *map(str, words)])


@contextlib.contextmanager
def _serving(line: str) -> Iterator[str]:
    """Runs the line that serves, on a free port, and yields the port."""
    with subprocess.Popen(
        [PROGRAM, *shlex.split(line)[1:], "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split(" on ")[1].split()[0].rpartition(":")[2]
        process.kill()


def _lines(report: str, kind: str) -> list[str]:
    return [line.partition(":")[2].strip() for line in report.splitlines() if line.startswith(kind)]


@pytest.mark.parametrize("clients", [[], ["--client", "laptop"]])
def test_what_it_prints_serves_and_comes_in(tmp_path: Path, clients: list[str]) -> None:
    """Both lines as they stand, with another port, and nobody else."""
    folder = tmp_path / "my certs"
    made = run_program("certs", "--host", "127.0.0.1", *clients, "--output", folder)
    assert made.returncode == 0, made.stderr
    (serve,), (ask,) = _lines(made.stdout, "Serve"), _lines(made.stdout, "Ask it")
    with _serving(serve) as port:
        words = shlex.split(ask.replace(":50051", f":{port}"))[1:]
        asked = run_program(*words)
        assert asked.returncode == 0, asked.stderr
        assert "lstm_melody" in asked.stdout
        server = ["--server", f"localhost:{port}", "--tls-ca", str(folder / "ca.crt")]
        stranger = run_program("generators", *server)
        assert stranger.returncode == 1
        assert stranger.stderr.count("\n") == 1
        health = run_program("health", *server)
        # Clients that must have a certificate must have one for this question, too.
        assert (health.returncode == 0) is not bool(clients), health.stderr


def test_keys_and_tokens_are_private_and_certificates_say_what_they_are_for(
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


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    assert _certs("--host", "localhost", "--output", tmp_path).exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for words in (["--host", "localhost"], ["--host", "a.example", "--client", "new"]):
        result = _certs(*words, "--output", tmp_path)
        assert result.exit_code == 1
        assert "server.crt is there already and stays as it is" in result.output
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_clients_come_later_and_the_authority_stays(tmp_path: Path) -> None:
    assert _certs("--host", "localhost", "--output", tmp_path).exit_code == 0
    authority = (tmp_path / "ca.crt").read_bytes()
    result = _certs("--client", "one", "--client", "two", "--output", tmp_path)
    assert result.exit_code == 0, result.output
    assert len(_lines(result.output, "Ask it")) == 2
    assert (tmp_path / "ca.crt").read_bytes() == authority
    for name in ("one", "two"):
        files = TlsFiles(
            ca=tmp_path / "ca.crt", cert=tmp_path / f"{name}.crt", key=tmp_path / f"{name}.key"
        )
        assert files.read().cert
        cert = x509.load_pem_x509_certificate((tmp_path / f"{name}.crt").read_bytes())
        cert.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
        assert cert.subject.rfc4514_string() == f"CN={name}"


def test_an_authority_without_its_key_is_told(tmp_path: Path) -> None:
    assert _certs("--host", "localhost", "--output", tmp_path).exit_code == 0
    (tmp_path / "ca.key").unlink()
    result = _certs("--client", "one", "--output", tmp_path)
    assert result.exit_code == 1
    assert "ca.key: No such file" in result.output


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    taken = tmp_path / "certs"
    taken.write_text("mine")
    result = _certs("--host", "localhost", "--output", taken)
    assert result.exit_code == 1
    assert "cannot be made" in result.output
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
def test_names_that_cannot_be_meant_are_refused(tmp_path: Path, words: list[str]) -> None:
    result = _certs(*words, "--output", tmp_path / "certs")
    assert result.exit_code == 2, result.output
    assert not (tmp_path / "certs").exists()
