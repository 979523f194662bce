"""Issue certificates from a private certificate authority (CA), as files of a folder."""

from __future__ import annotations

import datetime
import ipaddress
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.files import ready_folder, write_new

_AUTHORITY_DAYS: Final = 3_650
# Tolerance for differences between the clocks of two computers.
_CLOCK_SKEW: Final = datetime.timedelta(hours=1)
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_TOKENS_HEAD: Final = (
    "# Accepted tokens, one per line: NAME:TOKEN, or NAME:TOKEN:admin for callers that may also\n"
    "# load and unload generators.\n"
)


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate and its unencrypted private key, as PEM texts, and when it expires."""

    cert: bytes
    key: bytes = field(repr=False)
    expires: datetime.datetime


class Authority:
    """Signs certificates, with elliptic curves (P-256) and SHA-256; see RFC 5280.

    Args:
        cert: The CA's certificate.
        key: Its private key.
    """

    def __init__(self, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._cert = cert
        self._key = key

    @classmethod
    def create(cls) -> Authority:
        """Return a new CA, valid for ten years."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Magenta Bridge authority")
        builder = _builder(name, name, key, _AUTHORITY_DAYS, signs=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def read(cls, cert: bytes, key: bytes) -> Authority:
        """Return a CA from PEM texts.

        Raises:
            FileFormatError: They are not a certificate and its key, or not created by this class.
        """
        try:
            own, secret = x509.load_pem_x509_certificate(cert), load_pem_private_key(key, None)
        except (TypeError, ValueError) as error:
            raise FileFormatError("The CA files do not contain a certificate and a key.") from error
        if not isinstance(secret, ec.EllipticCurvePrivateKey):
            raise FileFormatError("The CA was created by another program; use another folder.")
        if own.public_key() != secret.public_key():
            raise FileFormatError("The CA's key does not match its certificate.")
        return cls(own, secret)

    def certificate(self) -> IssuedCertificate:
        """Return the CA's own certificate and key."""
        return _issued(self._cert, self._key)

    def issue_server(self, hosts: Sequence[str], days: int) -> IssuedCertificate:
        """Issue a server certificate.

        Args:
            hosts: The server's host names and IP addresses, at least one.
            days: Validity in days.
        """
        names: list[x509.GeneralName] = [_general_name(host) for host in hosts]
        return self._issue(hosts[0], names, ExtendedKeyUsageOID.SERVER_AUTH, days)

    def issue_client(self, name: str, days: int) -> IssuedCertificate:
        """Issue a client certificate.

        Args:
            name: Common name, by which the server identifies the client: 1 to 64 characters.
            days: Validity in days.
        """
        return self._issue(name, [], ExtendedKeyUsageOID.CLIENT_AUTH, days)

    def _issue(
        self,
        common_name: str,
        names: Sequence[x509.GeneralName],
        purpose: x509.ObjectIdentifier,
        days: int,
    ) -> IssuedCertificate:
        key = ec.generate_private_key(ec.SECP256R1())
        # A common name has at most 64 characters; the alternative names contain the whole host.
        builder = _builder(_name(common_name[:64]), self._cert.subject, key, days, signs=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(signer, critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return _issued(builder.sign(self._key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    days: int,
    *,
    signs: bool,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(signs, 0 if signs else None), critical=True)
        .add_extension(usage, critical=True)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _issued(cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> IssuedCertificate:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return IssuedCertificate(cert.public_bytes(Encoding.PEM), secret, cert.not_valid_after_utc)


class CertificateFolder:
    """New files for a folder; files that exist are never overwritten.

    Args:
        folder: The folder. If it contains a CA, that CA signs the certificates.
        hosts: Host names and IP addresses of the server; empty for no server certificate. A server
            without clients gets a token instead.
        clients: Names of clients, each of which gets a certificate.
        days: Validity of the certificates in days.

    Raises:
        MagentaBridgeError: The CA in the folder cannot be used.
    """

    def __init__(
        self, folder: Path, hosts: Sequence[str], clients: Sequence[str], days: int
    ) -> None:
        self._folder, self._hosts, self._clients = folder, hosts, clients
        # Content of each file, and whether only its owner may read it.
        self._new: dict[Path, tuple[bytes, bool]] = {}
        self._expires: datetime.datetime | None = None
        self._tokens = folder / "tokens.txt"
        authority = self._authority()
        if hosts:
            names = tuple(dict.fromkeys((*hosts, *_LOCAL)))
            self._add("server", authority.issue_server(names, days))
        for name in clients:
            self._add(name, authority.issue_client(name, days))
        if hosts and not clients and not self._tokens.exists():
            line = f"owner:{secrets.token_urlsafe(32)}:admin\n"
            self._new[self._tokens] = (f"{_TOKENS_HEAD}{line}".encode(), True)

    def save(self) -> None:
        """Write all files, or none.

        Raises:
            NotFoundError: A file exists already, or the folder is not writable.
        """
        existing = next((path for path in self._new if path.exists()), None)
        if existing is not None:
            raise NotFoundError(
                f"{existing} exists and is not overwritten; delete it first, or choose another "
                "folder with --output."
            )
        ready_folder(self._folder)
        written: list[Path] = []
        try:
            for path, (data, private) in self._new.items():
                write_new(path, data, private=private)
                written.append(path)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise

    def report(self) -> str:
        """Return the names of the files, and the commands that use them."""
        names = ", ".join(map(str, self._new))
        lines = [f"Wrote {names}; valid until {self._expires:%Y-%m-%d}."]
        if self._hosts:
            lines.append(f"Serve:   {self._serve_command()}")
        host = self._hosts[0] if self._hosts else "HOST"
        server = f"[{host}]:50051" if ":" in host else f"{host}:50051"
        for name in self._clients or ([""] if self._hosts else []):
            lines.append(f"Connect: {self._client_command(server, name)}")
        return "\n".join(lines)

    def _authority(self) -> Authority:
        cert, key = self._folder / "ca.crt", self._folder / "ca.key"
        if cert.exists() or key.exists():
            texts = TlsFiles(cert=cert, key=key).read()
            return Authority.read(texts.cert or b"", texts.key or b"")
        authority = Authority.create()
        self._add("ca", authority.certificate())
        return authority

    def _add(self, stem: str, issued: IssuedCertificate) -> None:
        self._new[self._folder / f"{stem}.crt"] = (issued.cert, False)
        self._new[self._folder / f"{stem}.key"] = (issued.key, True)
        self._expires = min(self._expires or issued.expires, issued.expires)

    def _serve_command(self) -> str:
        words = ["magenta-bridge", "serve", "--host", "0.0.0.0", *self._pair("server")]  # noqa: S104
        if self._clients:
            words += ["--tls-client-ca", str(self._folder / "ca.crt")]
        else:
            words += ["--token-file", str(self._tokens)]
        return shlex.join(words)

    def _client_command(self, server: str, client: str) -> str:
        words = ["magenta-bridge", "generators", "--server", server]
        words += ["--tls-ca", str(self._folder / "ca.crt")]
        words += self._pair(client) if client else ["--token-file", str(self._tokens)]
        return shlex.join(words)

    def _pair(self, stem: str) -> list[str]:
        path = self._folder / stem
        return ["--tls-cert", f"{path}.crt", "--tls-key", f"{path}.key"]
