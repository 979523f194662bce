"""Certificates and keys for TLS, read from PEM files and checked before a connection is made.

gRPC itself says of a bad file that a connection failed, and only when it does.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from magenta_bridge.errors import FileFormatError, InvalidArgumentError
from magenta_bridge.files import read_limited, warn_if_open
from magenta_bridge.limits import CERTIFICATE_FILE_BYTES

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_ADVICE: Final = "give a PEM file, such as 'magenta-bridge certs' makes"


@dataclass(frozen=True)
class TlsFiles:
    """What one side of a connection shows, and by what it judges the other: PEM files.

    Attributes:
        ca: Certificates of the authorities that the other side's must be signed by. To a
            client, None means those that gRPC knows; to a server, that clients need none.
        cert: Own certificate, followed by those between it and its authority. A server must
            have one; a client where the server asks for it.
        key: Its private key, not encrypted.

    Raises:
        InvalidArgumentError: There is a certificate without key, or a key without certificate.
    """

    ca: Path | str | None = None
    cert: Path | str | None = None
    key: Path | str | None = None

    def __post_init__(self) -> None:
        if (self.cert is None) != (self.key is None):
            raise InvalidArgumentError(
                "A certificate and its key belong together; give both files, or neither.",
                field="tls",
            )

    def read(self) -> TlsTexts:
        """Reads and checks all files.

        Raises:
            NotFoundError: A file is not there, or may not be read.
            FileFormatError: A file is no PEM file, is encrypted, has expired, or the key is
                another certificate's.
            LimitExceededError: A file is too large.
        """
        ca = None if self.ca is None else _read_authorities(Path(self.ca))
        if self.cert is None or self.key is None:
            return TlsTexts(ca)
        return TlsTexts(ca, *_read_pair(Path(self.cert), Path(self.key)))


@dataclass(frozen=True)
class TlsTexts:
    """The content of checked files, as gRPC wants it.

    Attributes:
        ca: PEM text of the authorities; None for none.
        cert: PEM text of the own certificates; None for none.
        key: PEM text of the key; None for none.
    """

    ca: bytes | None = None
    cert: bytes | None = None
    key: bytes | None = field(default=None, repr=False)


def _read_authorities(path: Path) -> bytes:
    data = read_limited(path, CERTIFICATE_FILE_BYTES, advice=_ADVICE)
    found = _parse_certificates(path, data)
    now = _now()
    # A collection of authorities may hold an old one among others.
    if all(certificate.not_valid_after_utc < now for certificate in found):
        raise _expired(path, found[0])
    return data


def _read_pair(cert: Path, key: Path) -> tuple[bytes, bytes]:
    chain = read_limited(cert, CERTIFICATE_FILE_BYTES, advice=_ADVICE)
    secret = read_limited(key, CERTIFICATE_FILE_BYTES, advice=_ADVICE)
    warn_if_open(key)
    own = _parse_certificates(cert, chain)[0]
    if own.public_key() != _parse_key(key, secret).public_key():
        raise FileFormatError(
            f"{key} is not the key of {cert}; give the two files that were made together."
        )
    if own.not_valid_after_utc < _now():
        raise _expired(cert, own)
    if own.not_valid_before_utc > _now():
        raise FileFormatError(
            f"{cert} is valid only from {own.not_valid_before_utc:%Y-%m-%d} on; "
            "set this computer's clock, or wait."
        )
    return chain, secret


def _parse_certificates(path: Path, data: bytes) -> list[x509.Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(data)
    except ValueError as error:
        raise FileFormatError(f"{path} holds no certificate; {_ADVICE}.") from error


def _parse_key(path: Path, data: bytes) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(data, password=None)
    except TypeError as error:
        raise FileFormatError(
            f"{path} is encrypted, and nobody is asked for its password; "
            "make one that is not: openssl pkey -in OLD -out NEW"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FileFormatError(f"{path} holds no private key; {_ADVICE}.") from error


def _expired(path: Path, certificate: x509.Certificate) -> FileFormatError:
    return FileFormatError(
        f"{path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}; "
        "make a new one, for instance with 'magenta-bridge certs'."
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)
