"""Tokens and certificates that are reloaded when their files change, without a restart."""

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

# Minimum interval between two checks of the files, for any number of callers.
LOOK_SECONDS: Final = 1.0


class FileChangeDetector:
    """Detects changes of files; a missing file counts as one of its states.

    Args:
        paths: The files.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._stamps = self._read_stamps()
        self._checked = time.monotonic()

    def changed(self) -> bool:
        """Return whether the files have changed since the last check, at most once per second."""
        now = time.monotonic()
        if now - self._checked < LOOK_SECONDS:
            return False
        self._checked, before, self._stamps = now, self._stamps, self._read_stamps()
        return self._stamps != before

    def _read_stamps(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(path) for path in self._paths]


class FileTokens(Tokens):
    """The current tokens of a file, and others that stay.

    If the changed file is invalid, a warning is logged and the earlier tokens stay valid.

    Threading: one thread at a time.

    Args:
        path: The file.
        others: Tokens that are not in the file.

    Raises:
        MagentaBridgeError: The file is invalid.
    """

    def __init__(self, path: Path, others: Sequence[Token] = ()) -> None:
        self._path, self._others = path, tuple(others)
        self._changes = FileChangeDetector([path])
        super().__init__([*read_tokens(path), *others])

    def find(self, text: str) -> Token | None:
        """Return the token with this text; see ``Tokens``."""
        if self._changes.changed():
            try:
                super().__init__([*read_tokens(self._path), *self._others])
                _log.info("Reloaded %s: %d tokens.", self._path, len(self))
            except MagentaBridgeError as error:
                _log.warning("The tokens stay unchanged: %s", error.message)
        return super().find(text)


def server_credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    """Return the gRPC credentials of a server.

    Changed files are reloaded before the next connection. If they are invalid, a warning is logged
    and the earlier certificates stay in use.

    Raises:
        InvalidArgumentError: There is no certificate.
        NotFoundError: A file does not exist.
        FileFormatError: A file is damaged, encrypted or expired, or the key does not match.
    """
    changes = FileChangeDetector(
        [Path(each) for each in (tls.ca, tls.cert, tls.key) if each is not None]
    )

    def reload() -> grpc.ServerCertificateConfiguration | None:
        if not changes.changed():
            return None
        try:
            found = _configuration(tls)
        except MagentaBridgeError as error:
            _log.warning("The certificates stay unchanged: %s", error.message)
            return None
        _log.info("Reloaded %s.", tls.cert)
        return found

    return grpc.dynamic_ssl_server_credentials(
        _configuration(tls),
        reload,  # type: ignore[arg-type]  # the stubs lack None, for no change
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
