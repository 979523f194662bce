"""Require TLS and client authentication wherever other computers can reach the server."""

from __future__ import annotations

from typing import Final

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.server.security.endpoint import Endpoint, read_endpoint
from magenta_bridge.server.settings import ServerSettings

_TLS: Final = (
    "--tls-cert and --tls-key (to create the files, run: magenta-bridge certs --output certs "
    "--host NAME)"
)
_AUTHENTICATION: Final = "--token-file or --tls-client-ca"


def check_exposure(settings: ServerSettings) -> Endpoint:
    """Check that the server may listen on its address.

    Returns:
        The endpoint to listen on.

    Raises:
        InvalidArgumentError: The address cannot be parsed.
        UnsupportedError: Other computers could reach the server, and TLS or client authentication
            (tokens or client certificates) is missing.
    """
    endpoint = read_endpoint(settings.address)
    if endpoint.is_loopback:
        return endpoint
    missing = [] if settings.tls else [_TLS]
    if not _authenticates(settings):
        missing.append(_AUTHENTICATION)
    if missing:
        raise UnsupportedError(
            f"Other computers can reach {endpoint.host}, so to serve there also give "
            f"{' and '.join(missing)}. On 127.0.0.1 these options are optional.",
            field="address",
        )
    return endpoint


def allows_anonymous_admin(settings: ServerSettings) -> bool:
    """Return whether all callers are administrators: on loopback without authentication."""
    return read_endpoint(settings.address).is_loopback and not _authenticates(settings)


def _authenticates(settings: ServerSettings) -> bool:
    return bool(settings.tokens) or bool(settings.tls and settings.tls.ca)
