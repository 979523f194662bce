"""The folder that ``magenta-bridge certs`` fills, and what to type after it."""

from __future__ import annotations

import datetime
import secrets
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.certificates.authority import Authority, Issued
from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.errors import MagentaBridgeError, NotFoundError
from magenta_bridge.files import write_new

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_TOKENS_HEAD: Final = (
    "# Who may call, one a line: NAME:TOKEN, or NAME:TOKEN:admin for those who may also load\n"
    "# and unload generators.\n"
)


class CertificateFolder:
    """Files to be written, none of which may be there already.

    Args:
        folder: Where to. An authority that is in it signs what is made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new: dict[Path, tuple[bytes, bool]] = {}
        self._until: datetime.datetime | None = None
        self._hosts: Sequence[str] = ()
        self._clients: Sequence[str] = ()

    def add(self, hosts: Sequence[str], clients: Sequence[str], days: int) -> None:
        """Makes all that is asked for, in memory.

        A server without clients of its own gets a token.

        Args:
            hosts: Names and addresses of the server; empty for no server.
            clients: Names of clients.
            days: How long certificates are valid.

        Raises:
            MagentaBridgeError: The authority in the folder cannot be used.
        """
        self._hosts, self._clients = hosts, clients
        authority = self._authority()
        if hosts:
            names = tuple(dict.fromkeys((*hosts, *_LOCAL)))
            self._keep("server", authority.issue_server(names, days))
        for name in clients:
            self._keep(name, authority.issue_client(name, days))
        if hosts and not clients and not self._tokens.exists():
            line = f"owner:{secrets.token_urlsafe(32)}:admin\n"
            self._new[self._tokens] = (f"{_TOKENS_HEAD}{line}".encode(), True)

    def save(self) -> None:
        """Writes all files, or none.

        Raises:
            NotFoundError: One of them is there already, or the folder takes no files.
        """
        taken = [path for path in self._new if path.exists()]
        if taken:
            raise NotFoundError(
                f"{taken[0]} is there already and stays as it is; delete it first, or name "
                "another folder with --output."
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotFoundError(f"{self._folder} cannot be made: {error.strerror}.") from error
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
        """Returns what was written, and what to type next."""
        names = ", ".join(map(str, self._new))
        lines = [f"Wrote {names}; valid until {self._until:%Y-%m-%d}."]
        if self._hosts:
            lines.append(f"Serve:   {self._serve_line()}")
        server = f"[{self._host}]" if ":" in self._host else self._host
        for name in self._clients or ([""] if self._hosts else []):
            lines.append(f"Ask it:  {self._ask_line(server, name)}")
        return "\n".join(lines)

    def _authority(self) -> Authority:
        cert, key = self._folder / "ca.crt", self._folder / "ca.key"
        if cert.exists() or key.exists():
            texts = TlsFiles(cert=cert, key=key).read()
            return Authority.read(texts.cert or b"", texts.key or b"")
        authority = Authority.make()
        self._keep("ca", authority.saved())
        return authority

    def _keep(self, stem: str, issued: Issued) -> None:
        self._new[self._folder / f"{stem}.crt"] = (issued.cert, False)
        self._new[self._folder / f"{stem}.key"] = (issued.key, True)
        self._until = min(self._until or issued.until, issued.until)

    @property
    def _tokens(self) -> Path:
        return self._folder / "tokens.txt"

    @property
    def _host(self) -> str:
        return self._hosts[0] if self._hosts else "HOST"

    def _serve_line(self) -> str:
        words = ["magenta-bridge", "serve", "--host", "0.0.0.0", *self._pair("server")]  # noqa: S104
        if self._clients:
            words += ["--tls-client-ca", self._path("ca.crt")]
        else:
            words += ["--token-file", str(self._tokens)]
        return shlex.join(words)

    def _ask_line(self, server: str, client: str) -> str:
        words = ["magenta-bridge", "generators", "--server", f"{server}:50051"]
        words += ["--tls-ca", self._path("ca.crt")]
        words += self._pair(client) if client else ["--token-file", str(self._tokens)]
        return shlex.join(words)

    def _pair(self, stem: str) -> list[str]:
        return ["--tls-cert", self._path(f"{stem}.crt"), "--tls-key", self._path(f"{stem}.key")]

    def _path(self, name: str) -> str:
        return str(self._folder / name)
