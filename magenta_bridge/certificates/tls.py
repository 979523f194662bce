"""Read certificates and keys for TLS from PEM files, and check them before connecting.

gRPC's own error for an invalid file is only a failed connection.
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

_ADVICE: Final = "give a PEM file, such as 'magenta-bridge certs' creates"


@dataclass(frozen=True)
class TlsFiles:
    """The PEM files of one side of a TLS connection.

    Attributes:
        ca: CA certificates that must have signed the other side's certificate. None means gRPC's
            default CAs for a client, and no client certificates for a server.
        cert: Own certificate, followed by any intermediate ones. Required for a server, and for a
            client if the server requires client certificates.
        key: Its unencrypted private key.

    Raises:
        InvalidArgumentError: There is a certificate without a key, or a key without a certificate.
    """

    ca: Path | str | None = None
    cert: Path | str | None = None
    key: Path | str | None = None

    def __post_init__(self) -> None:
        if (self.cert is None) != (self.key is None):
            raise InvalidArgumentError(
                "A certificate requires its key and vice versa; give both files, or neither.",
                field="tls",
            )

    def read(self) -> TlsTexts:
        """Read and check all files.

        Raises:
            NotFoundError: A file does not exist or is not readable.
            FileFormatError: A file is not in PEM format, is encrypted or expired, or the key does
                not match the certificate.
            LimitExceededError: A file is too large.
        """
        ca = None if self.ca is None else _read_authorities(Path(self.ca))
        if self.cert is None or self.key is None:
            return TlsTexts(ca)
        return TlsTexts(ca, *_read_pair(Path(self.cert), Path(self.key)))


@dataclass(frozen=True)
class TlsTexts:
    """The PEM texts of checked files, each None if there is no file."""

    ca: bytes | None = None
    cert: bytes | None = None
    key: bytes | None = field(default=None, repr=False)


def _read_authorities(path: Path) -> bytes:
    data = read_limited(path, CERTIFICATE_FILE_BYTES, advice=_ADVICE)
    found = _parse_certificates(path, data)
    now = _now()
    # A CA file may contain some expired certificates.
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
            f"{key} is not the key of {cert}; give the two files that were created together."
        )
    if own.not_valid_after_utc < _now():
        raise _expired(cert, own)
    if own.not_valid_before_utc > _now():
        raise FileFormatError(
            f"{cert} is not valid before {own.not_valid_before_utc:%Y-%m-%d}; "
            "check this computer's clock."
        )
    return chain, secret


def _parse_certificates(path: Path, data: bytes) -> list[x509.Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(data)
    except ValueError as error:
        raise FileFormatError(f"{path} contains no certificate; {_ADVICE}.") from error


def _parse_key(path: Path, data: bytes) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(data, password=None)
    except TypeError as error:
        raise FileFormatError(
            f"{path} is encrypted; remove the password with: openssl pkey -in OLD -out NEW"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FileFormatError(f"{path} contains no private key; {_ADVICE}.") from error


def _expired(path: Path, certificate: x509.Certificate) -> FileFormatError:
    return FileFormatError(
        f"{path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}; "
        "create a new one, for instance with 'magenta-bridge certs'."
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)
