"""The gate that asks who calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from magenta_bridge.errors import UnauthenticatedError
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.security.tokens import Tokens

_HEADER: Final = "authorization"
_SCHEME: Final = "bearer"


class AccessGate:
    """Lets in whoever shows a token that the server knows, or everybody where it knows none.

    Args:
        tokens: The tokens; None or empty to ask for none.
        all_admins: Whether everybody may load and unload generators where no token says so.
    """

    def __init__(self, tokens: Tokens | None, *, all_admins: bool) -> None:
        self._tokens = tokens
        self._all_admins = all_admins

    def admit(self, call: Call) -> Call:
        """Returns the call with its caller's name and rank, and without the token.

        Raises:
            UnauthenticatedError: There is no token, or none that is known.
        """
        others = {name: value for name, value in call.metadata.items() if name != _HEADER}
        if not self._tokens:
            return replace(call, admin=self._all_admins, metadata=others)
        token = self._tokens.find(_shown(call.metadata))
        if token is None:
            raise UnauthenticatedError(
                "The token is none that this server knows; ask whoever runs it for one."
            )
        return replace(call, caller=token.name, admin=token.admin, metadata=others)


def _shown(metadata: Mapping[str, str]) -> str:
    """Returns the token of ``authorization: Bearer TOKEN``; see RFC 6750, section 2.1."""
    scheme, _, token = metadata.get(_HEADER, "").partition(" ")
    if scheme.lower() != _SCHEME or not token.strip():
        raise UnauthenticatedError(
            "This server asks for a token, and the call shows none; give it to Client(..., "
            "token=...), to the command line with --token-file, or send the metadata "
            "'authorization: Bearer TOKEN'."
        )
    return token.strip()
