"""Access tokens, of which only the digests are kept, and the gate that requires them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from magenta_bridge.errors import FileFormatError, UnauthenticatedError
from magenta_bridge.files import read_limited, warn_if_open
from magenta_bridge.limits import TOKEN_FILE_BYTES
from magenta_bridge.server.rpc.boundary import Gate
from magenta_bridge.server.rpc.call import Call

SHORTEST_CHARACTERS: Final = 32

_HEADER: Final = "authorization"
_ADMIN: Final = "admin"
_FORM: Final = "NAME:TOKEN or NAME:TOKEN:admin"
_ADVICE: Final = f"give a text file with one token per line, as {_FORM}"
_CREATE: Final = "create one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
# The characters of a bearer token: RFC 6750, section 2.1.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True)
class Token:
    """An accepted token.

    Attributes:
        name: Name of its owner, for logs and limits.
        admin: Whether its owner may load and unload generators.
        digest: SHA-256 of the token, 32 bytes.
    """

    name: str
    admin: bool
    digest: bytes = field(repr=False)


class Tokens:
    """The tokens that a server accepts.

    Threading: safe from any thread; immutable after construction.

    Args:
        tokens: The tokens. Two may have one name, so that a new token can replace an old one.

    Raises:
        FileFormatError: One token has two names.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)
        named: dict[bytes, str] = {}
        for token in self._tokens:
            other = named.setdefault(token.digest, token.name)
            if other != token.name:
                raise FileFormatError(
                    f"{other} and {token.name} have the same token; give each its own."
                )

    def __len__(self) -> int:
        return len(self._tokens)

    def find(self, text: str) -> Token | None:
        """Return the token with this text, if it is valid. Runs in constant time."""
        digest = _digest(text)
        found = None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found


class AccessGate:
    """Admits callers with an accepted token, or every caller if the server has no tokens.

    Args:
        tokens: The accepted tokens; None or empty to admit calls without one.
        all_admins: Whether every caller is an administrator if the server has no tokens.
        refusals: Limits the rate of refused calls of an address; None for no limit. Calls with a
            valid token are never limited by it.
    """

    def __init__(
        self, tokens: Tokens | None, *, all_admins: bool, refusals: Gate | None = None
    ) -> None:
        self._tokens = tokens
        self._all_admins = all_admins
        self._refusals = refusals

    def admit(self, call: Call) -> Call:
        """Return the call with its caller's name and role, and without the token.

        Raises:
            UnauthenticatedError: The token is missing or invalid.
            RateLimitedError: So are too many of the address's last tokens.
        """
        metadata = {name: value for name, value in call.metadata.items() if name != _HEADER}
        if not self._tokens:
            return replace(call, admin=self._all_admins, metadata=metadata)
        text = _bearer(call.metadata)
        if not text:
            self._count_refusal(call)
            raise UnauthenticatedError(
                "This server requires a token; pass it as Client(..., token=...), on the command "
                "line with --token-file, or as the metadata 'authorization: Bearer TOKEN'."
            )
        token = self._tokens.find(text)
        if token is None:
            self._count_refusal(call)
            raise UnauthenticatedError(
                "Invalid token. Ask the server administrator for a valid one."
            )
        return replace(call, caller=token.name, admin=token.admin, metadata=metadata)

    def knows(self, metadata: Mapping[str, str]) -> bool:
        """Return whether the headers of a call have an accepted token, or need none."""
        return not self._tokens or self._tokens.find(_bearer(metadata)) is not None

    def _count_refusal(self, call: Call) -> None:
        if self._refusals is not None:
            # By address: a new connection costs nothing.
            self._refusals.admit(replace(call, connection=""))


def _bearer(metadata: Mapping[str, str]) -> str:
    """Return the token of ``Bearer TOKEN`` (RFC 6750, section 2.1); empty without one."""
    scheme, _, text = metadata.get(_HEADER, "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def make_token(name: str, text: str, *, admin: bool = False, where: str) -> Token:
    """Check and create a token.

    Args:
        name: Name of its owner.
        text: The token itself, which no error message repeats.
        admin: Whether its owner may load and unload generators.
        where: Where the token was read from; begins error messages.

    Raises:
        FileFormatError: The name or the token is invalid.
    """
    if not _NAME.fullmatch(name):
        raise FileFormatError(
            f"{where}: the name before a token must be 1 to 64 letters, digits or ._@- ; "
            f"write {_FORM}."
        )
    if not _TOKEN.fullmatch(text):
        raise FileFormatError(
            f"{where}: a token consists of letters, digits and -._~+/ only; {_CREATE}"
        )
    if len(text) < SHORTEST_CHARACTERS:
        raise FileFormatError(
            f"{where}: a token of {len(text)} characters can be guessed; use at least "
            f"{SHORTEST_CHARACTERS}: {_CREATE}"
        )
    return Token(name, admin, _digest(text))


def read_tokens(path: Path) -> list[Token]:
    """Read a token file: one ``NAME:TOKEN`` or ``NAME:TOKEN:admin`` per line.

    Empty lines and lines that begin with ``#`` are skipped. A token without a name is named by its
    line number: ``line-3``.

    Raises:
        NotFoundError: The file does not exist or is not readable.
        FileFormatError: A line has another form, or the file contains no token.
        LimitExceededError: The file is too large.
    """
    tokens = [
        make_token(name, text, admin=admin, where=where)
        for where, name, text, admin in _read_lines(path)
    ]
    if not tokens:
        raise FileFormatError(f"{path} contains no token; {_ADVICE}.")
    return tokens


def read_first_token(path: Path) -> str:
    """Return the text of the first token of a file, for a client to send.

    Raises:
        NotFoundError: The file does not exist or is not readable.
        FileFormatError: The file contains no token.
        LimitExceededError: The file is too large.
    """
    for where, name, text, _ in _read_lines(path):
        make_token(name, text, where=where)
        return text
    raise FileFormatError(f"{path} contains no token; {_ADVICE}.")


def _read_lines(path: Path) -> Iterator[tuple[str, str, str, bool]]:
    """Yield the location, name, token and admin flag of each line with a token."""
    data = read_limited(path, TOKEN_FILE_BYTES, advice=_ADVICE)
    warn_if_open(path)
    # Error messages never repeat a line: it may contain a mistyped token.
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        words = entry.split(":")
        where = f"{path}, line {number}"
        if len(words) > 3 or (len(words) == 3 and words[2] != _ADMIN):
            raise FileFormatError(f"{where}: write {_FORM}.")
        name, text = words[:2] if len(words) > 1 else (f"line-{number}", words[0])
        yield where, name, text, len(words) == 3


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
