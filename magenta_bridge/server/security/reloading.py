"""Tokens and certificates whose files are read again when they change, without a restart."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import grpc

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.errors import InvalidArgumentError, MagentaBridgeError
from magenta_bridge.server.security.tokens import Token, Tokens, read_tokens

_log = logging.getLogger(__name__)

# Files are looked at no more often than this, however many callers there are.
LOOK_SECONDS: Final = 1.0

_Stamp = tuple[tuple[int, int, int] | None, ...]


class FileChangeDetector:
    """Tells when files have changed; a file that is missing counts as one state of it.

    Args:
        paths: The files.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._seen = self._look()
        self._looked = time.monotonic()

    def changed(self) -> bool:
        """Tells whether they have changed since this was last asked; looks once a second."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked, before, self._seen = now, self._seen, self._look()
        return self._seen != before

    def _look(self) -> _Stamp:
        return tuple(_stamp(path) for path in self._paths)


class FileTokens(Tokens):
    """The tokens of a file, as it is now, and others that stay.

    A file that cannot be used is told of in the log, once, and those who were known stay so.

    Threading: one thread at a time.

    Args:
        path: The file.
        others: Tokens that are in no file.

    Raises:
        MagentaBridgeError: The file cannot be used.
    """

    def __init__(self, path: Path, others: Sequence[Token] = ()) -> None:
        self._path, self._others = path, tuple(others)
        self._watched = FileChangeDetector([path])
        super().__init__([*read_tokens(path), *others])

    def find(self, text: str) -> Token | None:
        """Returns the token that was shown; see ``Tokens``."""
        if self._watched.changed():
            try:
                super().__init__([*read_tokens(self._path), *self._others])
                _log.info("Read %s again: %d tokens.", self._path, len(self))
            except MagentaBridgeError as error:
                _log.warning("The tokens stay as they were: %s", error.message)
        return super().find(text)


def server_credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    """Returns what gRPC needs to speak TLS, from files that have been checked.

    They are read again when they change, before the next connection is made; files that cannot
    be used are told of in the log, and those before stay in use.

    Raises:
        InvalidArgumentError: There is no certificate.
        NotFoundError: A file is not there.
        FileFormatError: A file is damaged, encrypted or expired, or two do not belong together.
    """
    watched = FileChangeDetector(
        [Path(each) for each in (tls.ca, tls.cert, tls.key) if each is not None]
    )

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        if not watched.changed():
            return None
        try:
            found = _configuration(tls)
        except MagentaBridgeError as error:
            _log.warning("The certificates stay as they were: %s", error.message)
            return None
        _log.info("Read %s again.", tls.cert)
        return found

    return grpc.dynamic_ssl_server_credentials(
        _configuration(tls),
        renewed,  # type: ignore[arg-type]  # None, for no change, is missing in the stubs
        require_client_authentication=tls.ca is not None,
    )


def _configuration(tls: TlsFiles) -> grpc.ServerCertificateConfiguration:
    texts = tls.read()
    if texts.cert is None or texts.key is None:
        raise InvalidArgumentError("A server needs a certificate and its key.", field="tls")
    return grpc.ssl_server_certificate_configuration(
        [(texts.key, texts.cert)], root_certificates=texts.ca
    )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
