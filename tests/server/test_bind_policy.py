"""The addresses that require security, and invalid TLS files."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.errors import (
    FileFormatError,
    InvalidArgumentError,
    LimitExceededError,
    MagentaBridgeError,
    NotFoundError,
    UnsupportedError,
)
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.app import BridgeServer
from magenta_bridge.server.bind_policy import check_exposure
from magenta_bridge.server.security.endpoint import Endpoint
from magenta_bridge.server.security.reloading import server_credentials
from magenta_bridge.server.settings import ServerSettings
from tests.contract.secured_server import Authority, known_tokens

PAIR = TlsFiles(cert="server.crt", key="server.key")
MUTUAL = TlsFiles(cert="server.crt", key="server.key", ca="ca.crt")
REACHABLE = [
    "0.0.0.0:0",
    "[::]:0",
    "192.168.1.5:0",
    "[fe80::1%eth0]:0",
    "[::ffff:127.0.0.1]:0",
    "bridge.example:0",
    "127.1:0",
    "0:0",
    "localhost.evil.example:0",
]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A CA that writes to the test's folder."""
    return Authority(trustme.CA(), tmp_path)


@pytest.mark.parametrize("address", REACHABLE)
@pytest.mark.parametrize(
    ("tls", "tokens", "wanted"),
    [
        (None, False, ["--tls-cert", "--token-file"]),
        (None, True, ["--tls-cert"]),
        (PAIR, False, ["--token-file"]),
        (PAIR, True, []),
        (MUTUAL, False, []),
        (MUTUAL, True, []),
    ],
)
def test_a_network_address_requires_tls_and_authentication(
    address: str, tls: TlsFiles | None, tokens: bool, wanted: list[str]
) -> None:
    settings = ServerSettings(address, tls=tls, tokens=known_tokens() if tokens else None)
    if not wanted:
        assert str(check_exposure(settings)) == address
        return
    with pytest.raises(UnsupportedError) as caught:
        check_exposure(settings)
    assert re.findall(r"--tls-cert|--token-file", caught.value.message) == wanted
    assert "\n" not in caught.value.message
    with pytest.raises(UnsupportedError):
        BridgeServer(GeneratorRegistry([]), settings)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "127.8.9.10:1", "localhost:2", "[::1]:3"])
@pytest.mark.parametrize("tls", [None, PAIR])
def test_loopback_requires_no_options(address: str, tls: TlsFiles | None) -> None:
    endpoint = check_exposure(ServerSettings(address, tls=tls))
    assert endpoint.is_loopback
    assert endpoint == Endpoint(endpoint.host, endpoint.port)


def _complaint(files: TlsFiles, cls: type[MagentaBridgeError]) -> str:
    """Check that a server and a client reject files, and return the error message."""
    with pytest.raises(MagentaBridgeError) as caught:
        server_credentials(files)
    assert type(caught.value) is cls
    assert "\n" not in caught.value.message
    with pytest.raises(cls):
        BridgeServer(GeneratorRegistry([]), ServerSettings("127.0.0.1:0", tls=files))
    return caught.value.message


def test_the_error_for_a_missing_file_has_its_name(authority: Authority) -> None:
    good = authority.issue("localhost")
    missing = authority.folder / "absent.pem"
    for files in (
        TlsFiles(cert=missing, key=good.key),
        TlsFiles(cert=good.cert, key=missing),
        TlsFiles(ca=missing, cert=good.cert, key=good.key),
    ):
        assert f"Cannot read {missing}: No such file" in _complaint(files, NotFoundError)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_other_files_are_errors(authority: Authority, text: str) -> None:
    good = authority.issue("localhost")
    odd = authority.folder / "odd.pem"
    odd.write_text(text)
    odd.chmod(0o600)
    said = _complaint(TlsFiles(cert=odd, key=good.key), FileFormatError)
    assert f"{odd} contains no certificate" in said
    said = _complaint(TlsFiles(ca=odd, cert=good.cert, key=good.key), FileFormatError)
    assert f"{odd} contains no certificate" in said
    said = _complaint(TlsFiles(cert=good.cert, key=odd), FileFormatError)
    assert f"{odd} contains no private key" in said


def test_a_key_of_another_certificate_is_an_error(authority: Authority) -> None:
    one, two = authority.issue("localhost"), authority.issue("127.0.0.1")
    assert "is not the key of" in _complaint(TlsFiles(cert=one.cert, key=two.key), FileFormatError)


def test_an_encrypted_key_is_an_error(authority: Authority) -> None:
    good = authority.issue("localhost")
    key = authority.folder / "locked.key"
    key.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    key.chmod(0o600)
    assert "is encrypted" in _complaint(TlsFiles(cert=good.cert, key=key), FileFormatError)


def test_an_expired_certificate_is_an_error(authority: Authority) -> None:
    said = _complaint(authority.issue("localhost", expired=True), FileFormatError)
    assert "expired on 2021-01-01" in said


def test_a_certificate_that_is_not_valid_yet_is_an_error(authority: Authority) -> None:
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    made = authority.ca.issue_cert("localhost", not_before=tomorrow)
    files = TlsFiles(cert=authority.folder / "new.crt", key=authority.folder / "new.key")
    made.private_key_pem.write_to_path(str(files.key))
    Path(str(files.key)).chmod(0o600)
    made.cert_chain_pems[0].write_to_path(str(files.cert))
    assert f"not valid before {tomorrow:%Y-%m-%d}" in _complaint(files, FileFormatError)


def test_an_expired_ca_is_an_error_unless_there_is_another(
    authority: Authority,
) -> None:
    good = authority.issue("localhost")
    old = authority.issue("old.example", expired=True)
    said = _complaint(TlsFiles(ca=old.cert, cert=good.cert, key=good.key), FileFormatError)
    assert "expired on 2021-01-01" in said
    both = authority.folder / "both.crt"
    both.write_bytes(Path(str(old.cert)).read_bytes() + authority.file.read_bytes())
    server_credentials(TlsFiles(ca=both, cert=good.cert, key=good.key))


def test_an_endless_file_is_an_error(authority: Authority) -> None:
    good = authority.issue("localhost")
    huge = authority.folder / "huge.pem"
    huge.write_bytes(b"x" * ((1 << 20) + 1))
    assert _complaint(TlsFiles(cert=huge, key=good.key), LimitExceededError)


def test_a_certificate_without_its_key_is_an_error() -> None:
    for half in ({"cert": "a"}, {"key": "b"}):
        with pytest.raises(InvalidArgumentError, match="give both files"):
            TlsFiles(**half)
    with pytest.raises(InvalidArgumentError, match="needs a certificate"):
        server_credentials(TlsFiles(ca=None))


def test_no_repr_contains_a_key(authority: Authority) -> None:
    assert "PRIVATE" not in repr(authority.issue("localhost").read())
