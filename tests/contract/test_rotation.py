"""Certificates and tokens are replaced while a server runs, without effect on other callers."""

from __future__ import annotations

import logging
import shutil
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client import Client
from magenta_bridge.errors import ServerUnavailableError, UnauthenticatedError
from magenta_bridge.server.security import reloading as rotation
from magenta_bridge.server.security.reloading import FileTokens
from magenta_bridge.server.settings import ServerSettings
from tests.contract.secured_server import MARIA, OWNER, Authority, running

LOCAL = "127.0.0.1:0"


@pytest.fixture(autouse=True)
def _look_at_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "LOOK_SECONDS", 0.0)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log from ``INFO`` up."""
    with caplog.at_level(logging.INFO, logger=rotation.__name__):
        yield caplog


@pytest.fixture
def own(tmp_path: Path) -> Authority:
    """The CA of the server's first certificate."""
    (tmp_path / "own").mkdir()
    return Authority(trustme.CA(), tmp_path / "own")


@pytest.fixture
def other(tmp_path: Path) -> Authority:
    """The CA of the certificate that replaces it."""
    (tmp_path / "other").mkdir()
    return Authority(trustme.CA(), tmp_path / "other")


def _shown(address: str) -> bytes:
    """Return the certificate of a new connection."""
    host, _, port = address.rpartition(":")
    return ssl.get_server_certificate((host, int(port)), timeout=10).encode()


def _text(path: str | Path | None) -> bytes:
    assert path is not None
    return Path(path).read_bytes()


def _exchange(target: TlsFiles, source: TlsFiles, *names: str) -> None:
    """Replace files atomically, as certificate tools do."""
    for name in names:
        place = Path(getattr(target, name))
        made = place.with_suffix(".new")
        shutil.copy(getattr(source, name), made)
        made.replace(place)


def _comes_in(address: str, tls: TlsFiles) -> bool:
    with Client(address, 20, tls=tls) as bridge:
        try:
            return bool(bridge.generators())
        except ServerUnavailableError:
            return False


def test_new_connections_get_a_new_certificate_and_old_ones_continue(
    own: Authority, other: Authority, log: pytest.LogCaptureFixture
) -> None:
    files, following = own.issue("127.0.0.1"), other.issue("127.0.0.1")
    before, after = _text(files.cert), _text(following.cert)
    with (
        running(ServerSettings(LOCAL, tls=files)) as address,
        Client(address, 20, tls=TlsFiles(ca=own.file)) as there_already,
    ):
        assert there_already.generate("scale", seed=1)
        assert _shown(address) == before
        _exchange(files, following, "cert", "key")
        assert _shown(address) == after
        assert f"Reloaded {files.cert}." in log.text
        assert _comes_in(address, TlsFiles(ca=other.file))
        assert not _comes_in(address, TlsFiles(ca=own.file))
        assert there_already.generate("scale", seed=1)


@pytest.mark.parametrize("broken", [b"", b"nonsense", None])
def test_an_invalid_file_is_logged_once_and_the_earlier_one_stays(
    own: Authority, log: pytest.LogCaptureFixture, broken: bytes | None
) -> None:
    """None removes the file."""
    files, before = own.issue("127.0.0.1"), own.issue("localhost")
    good = Path(str(files.cert))
    text = good.read_bytes()
    with running(ServerSettings(LOCAL, tls=files)) as address:
        if broken is None:
            good.unlink()
        else:
            good.write_bytes(broken)
        for _ in range(2):
            assert _shown(address) == text
            assert _comes_in(address, TlsFiles(ca=own.file))
        (warning,) = [each for each in log.records if each.levelno == logging.WARNING]
        assert "The certificates stay unchanged" in warning.getMessage()
        assert str(good) in warning.getMessage()
        _exchange(files, before, "cert", "key")
        assert _shown(address) == _text(before.cert)


def test_a_new_certificate_is_used_once_its_key_is_there(
    own: Authority, log: pytest.LogCaptureFixture
) -> None:
    files, following = own.issue("127.0.0.1"), own.issue("localhost")
    before = _text(files.cert)
    with running(ServerSettings(LOCAL, tls=files)) as address:
        _exchange(files, following, "cert")
        assert _shown(address) == before
        assert "is not the key of" in log.text
        _exchange(files, following, "key")
        assert _shown(address) == _text(following.cert)


def test_a_new_client_ca_admits_other_clients(own: Authority, other: Authority) -> None:
    """Existing connections stay open."""
    accepted = own.folder / "clients.crt"
    shutil.copy(own.file, accepted)
    settings = ServerSettings(LOCAL, tls=replace(own.issue("127.0.0.1"), ca=accepted))
    maria = replace(own.issue("laptop.example", name="maria"), ca=own.file)
    paul = replace(other.issue("laptop.example", name="paul"), ca=own.file)
    with running(settings) as address, Client(address, 20, tls=maria) as there_already:
        assert there_already.generators()
        assert not _comes_in(address, paul)
        _exchange(TlsFiles(ca=accepted), TlsFiles(ca=other.file), "ca")
        assert _comes_in(address, paul)
        assert not _comes_in(address, maria)
        assert there_already.generators()


def test_tokens_are_replaced_during_a_connection(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tokens.txt"
    path.write_text(f"maria:{MARIA}\n", encoding="utf-8")
    path.chmod(0o600)
    settings = ServerSettings(LOCAL, tokens=FileTokens(path))
    with (
        running(settings) as address,
        Client(address, token=MARIA) as maria,
        Client(address, token=OWNER) as owner,
    ):
        assert maria.generators()
        with pytest.raises(UnauthenticatedError):
            owner.generators()
        path.write_text(f"the_owner:{OWNER}\n", encoding="utf-8")
        assert owner.generators()
        with pytest.raises(UnauthenticatedError):
            maria.generators()
        path.write_text("short\n", encoding="utf-8")
        assert owner.generators()
        assert owner.generators()
    assert log.text.count("The tokens stay unchanged") == 1
    assert MARIA not in log.text
