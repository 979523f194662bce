"""A certificate authority of one's own, for computers that know each other."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
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

from magenta_bridge.errors import FileFormatError

_AUTHORITY_DAYS: Final = 3_650
# Clocks of computers that know each other differ by less.
_BEFORE: Final = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key.

    Attributes:
        cert: The certificate, as PEM text.
        key: The private key, as PEM text, not encrypted.
        until: When the certificate expires.
    """

    cert: bytes
    key: bytes = field(repr=False)
    until: datetime.datetime


class Authority:
    """Signs certificates, with elliptic curves (P-256) and SHA-256; see RFC 5280.

    Args:
        cert: Its own certificate.
        key: The key of that.
    """

    def __init__(self, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._cert = cert
        self._key = key

    @classmethod
    def make(cls) -> Authority:
        """Returns a new one, good for ten years."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Magenta Bridge authority")
        builder = _begin(name, name, key, _AUTHORITY_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def read(cls, cert: bytes, key: bytes) -> Authority:
        """Returns one that was saved.

        Raises:
            FileFormatError: It is none, or none that was made here.
        """
        try:
            own, secret = x509.load_pem_x509_certificate(cert), load_pem_private_key(key, None)
        except (TypeError, ValueError) as error:
            raise FileFormatError("The authority's files hold no certificate and key.") from error
        if not isinstance(secret, ec.EllipticCurvePrivateKey):
            raise FileFormatError("The authority was not made here; use a folder of its own.")
        if own.public_key() != secret.public_key():
            raise FileFormatError("The authority's key is not that of its certificate.")
        return cls(own, secret)

    def saved(self) -> Issued:
        """Returns its own certificate and key."""
        return _issued(self._cert, self._key)

    def issue_server(self, hosts: Sequence[str], days: int) -> Issued:
        """Makes a certificate for a server.

        Args:
            hosts: The names and addresses by which clients reach it, at least one.
            days: How long it is valid.
        """
        names: list[x509.GeneralName] = [_general_name(host) for host in hosts]
        return self._issue(hosts[0], names, ExtendedKeyUsageOID.SERVER_AUTH, days)

    def issue_client(self, name: str, days: int) -> Issued:
        """Makes a certificate for a client.

        Args:
            name: What the server calls it: 1 to 64 characters.
            days: How long it is valid.
        """
        return self._issue(name, [], ExtendedKeyUsageOID.CLIENT_AUTH, days)

    def _issue(
        self,
        common_name: str,
        names: Sequence[x509.GeneralName],
        purpose: x509.ObjectIdentifier,
        days: int,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        # A common name holds 64 characters; who is meant stands among the names as well.
        builder = _begin(_name(common_name[:64]), self._cert.subject, key, days)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(_usage(signs=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(signer, critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return _issued(builder.sign(self._key, hashes.SHA256()), key)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
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


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _issued(cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Issued:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Issued(cert.public_bytes(Encoding.PEM), secret, cert.not_valid_after_utc)
