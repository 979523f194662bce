"""The folder of files that ``magenta-bridge certs`` writes."""

from __future__ import annotations

import datetime
import secrets
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.certificates.authority import Authority, IssuedCertificate
from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.errors import MagentaBridgeError, NotFoundError
from magenta_bridge.files import write_new

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_TOKENS_HEAD: Final = (
    "# Accepted tokens, one per line: NAME:TOKEN, or NAME:TOKEN:admin for callers that may also\n"
    "# load and unload generators.\n"
)


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
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotFoundError(f"Cannot create {self._folder}: {error.strerror}.") from error
        written: list[Path] = []
        try:
            for path, (data, private) in self._new.items():
                write_new(path, data, private=private)
                written.append(path)
        except MagentaBridgeError:
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
