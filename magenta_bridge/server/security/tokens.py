"""Tokens: who has one may call. Only their digests are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from magenta_bridge.errors import FileFormatError
from magenta_bridge.files import read_limited, warn_if_open
from magenta_bridge.limits import TOKEN_FILE_BYTES

SHORTEST_CHARACTERS: Final = 32

_ADMIN: Final = "admin"
_FORM: Final = "NAME:TOKEN or NAME:TOKEN:admin"
_ADVICE: Final = f"give a text file with one token a line, as {_FORM}"
_MAKE: Final = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
# What RFC 6750, section 2.1, lets a bearer token consist of.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True)
class Token:
    """A token that the server knows.

    Attributes:
        name: Whose it is, for logs.
        admin: Whether its owner may load and unload generators.
        digest: SHA-256 of the token, 32 bytes.
    """

    name: str
    admin: bool
    digest: bytes = field(repr=False)


class Tokens:
    """All tokens that a server knows.

    Threading: safe from any thread, since nothing changes after construction.

    Args:
        tokens: The tokens. Two may bear one name, so that a new one can take over from an old.

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
                    f"{other} and {token.name} have the same token; give each one of their own."
                )

    def __len__(self) -> int:
        return len(self._tokens)

    def find(self, text: str) -> Token | None:
        """Returns the token that was shown; None when there is no such.

        It takes as long whichever it is, or none.
        """
        digest = _digest(text)
        found = None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found


def make_token(name: str, text: str, *, admin: bool = False, where: str) -> Token:
    """Checks a token.

    Args:
        name: Whose it is.
        text: The token itself, which no message repeats.
        admin: Whether its owner may load and unload generators.
        where: Where it stands; begins messages.

    Raises:
        FileFormatError: The name or the token is not acceptable.
    """
    if not _NAME.fullmatch(name):
        raise FileFormatError(
            f"{where}: the name in front of a token has 1 to 64 letters, digits or ._@- ; "
            f"write {_FORM}."
        )
    if not _TOKEN.fullmatch(text):
        raise FileFormatError(f"{where}: a token has letters, digits or -._~+/ alone; {_MAKE}")
    if len(text) < SHORTEST_CHARACTERS:
        raise FileFormatError(
            f"{where}: a token of {len(text)} characters can be guessed; have at least "
            f"{SHORTEST_CHARACTERS}: {_MAKE}"
        )
    return Token(name, admin, _digest(text))


def read_tokens(path: Path) -> list[Token]:
    """Reads a file of tokens: one a line, ``NAME:TOKEN`` or ``NAME:TOKEN:admin``.

    Empty lines and those that begin with ``#`` are passed over; a line without a name is
    called by its number, ``line-3``.

    Raises:
        NotFoundError: The file is not there, or may not be read.
        FileFormatError: A line is of another form, or there is no token at all.
        LimitExceededError: The file is too large.
    """
    tokens = [
        make_token(name, text, admin=admin, where=where)
        for where, name, text, admin in _read_lines(path)
    ]
    if not tokens:
        raise FileFormatError(f"{path} holds no token; {_ADVICE}.")
    return tokens


def read_first_token(path: Path) -> str:
    """Returns the text of the first token of a file, for a client that shows it.

    Raises:
        NotFoundError: The file is not there, or may not be read.
        FileFormatError: There is no token in it.
        LimitExceededError: The file is too large.
    """
    for where, name, text, _ in _read_lines(path):
        make_token(name, text, where=where)
        return text
    raise FileFormatError(f"{path} holds no token; {_ADVICE}.")


def _read_lines(path: Path) -> Iterator[tuple[str, str, str, bool]]:
    """Yields place, name, token and rank of each line that holds a token."""
    data = read_limited(path, TOKEN_FILE_BYTES, advice=_ADVICE)
    warn_if_open(path)
    # No message says what a line holds: it may be a token that was misspelled.
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        held = line.strip()
        if not held or held.startswith("#"):
            continue
        words = held.split(":")
        where = f"{path}, line {number}"
        if len(words) > 3 or (len(words) == 3 and words[2] != _ADMIN):
            raise FileFormatError(f"{where}: write {_FORM}.")
        name, text = words[:2] if len(words) > 1 else (f"line-{number}", words[0])
        yield where, name, text, len(words) == 3


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
