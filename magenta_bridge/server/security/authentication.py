"""Authenticate callers by their token."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from magenta_bridge.errors import UnauthenticatedError
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.security.tokens import Tokens

_HEADER: Final = "authorization"


class AccessGate:
    """Admits callers with an accepted token, or every caller if the server has no tokens.

    Args:
        tokens: The accepted tokens; None or empty to admit calls without one.
        all_admins: Whether every caller is an administrator if the server has no tokens.
    """

    def __init__(self, tokens: Tokens | None, *, all_admins: bool) -> None:
        self._tokens = tokens
        self._all_admins = all_admins

    def admit(self, call: Call) -> Call:
        """Return the call with its caller's name and role, and without the token.

        Raises:
            UnauthenticatedError: The token is missing or invalid.
        """
        metadata = {name: value for name, value in call.metadata.items() if name != _HEADER}
        if not self._tokens:
            return replace(call, admin=self._all_admins, metadata=metadata)
        # ``Bearer TOKEN``; see RFC 6750, section 2.1.
        scheme, _, text = call.metadata.get(_HEADER, "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise UnauthenticatedError(
                "This server requires a token; pass it as Client(..., token=...), on the command "
                "line with --token-file, or as the metadata 'authorization: Bearer TOKEN'."
            )
        token = self._tokens.find(text.strip())
        if token is None:
            raise UnauthenticatedError(
                "Invalid token. Ask the server administrator for a valid one."
            )
        return replace(call, caller=token.name, admin=token.admin, metadata=metadata)
