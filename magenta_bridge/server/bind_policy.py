"""Nothing that other computers can reach is opened without TLS and without knowing who calls."""

from __future__ import annotations

from typing import Final

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.server.security.endpoint import Endpoint, read_endpoint
from magenta_bridge.server.settings import ServerSettings

_TLS: Final = (
    "--tls-cert and --tls-key (make the files with: magenta-bridge certs --output certs "
    "--host NAME)"
)
_CALLERS: Final = "--token-file or --tls-client-ca"


def check_exposure(settings: ServerSettings) -> Endpoint:
    """Makes sure that the server may be opened where it is asked to be.

    Returns:
        Where it listens.

    Raises:
        InvalidArgumentError: The address cannot be read.
        UnsupportedError: Other computers could reach it, and it has no TLS, or neither tokens
            nor an authority for the certificates of clients.
    """
    endpoint = read_endpoint(settings.address)
    if endpoint.is_loopback:
        return endpoint
    missing = [] if settings.tls else [_TLS]
    if not settings.tokens and not (settings.tls and settings.tls.ca):
        missing.append(_CALLERS)
    if missing:
        raise UnsupportedError(
            f"Other computers can reach {endpoint.host}, so to serve there also give "
            f"{' and '.join(missing)}; 127.0.0.1 needs none of it.",
            field="address",
        )
    return endpoint


def allows_anonymous_admin(settings: ServerSettings) -> bool:
    """Returns whether whoever can reach the server may do everything: on a computer of one's own.

    That is so as long as neither tokens nor certificates tell callers apart.
    """
    loopback = read_endpoint(settings.address).is_loopback
    return loopback and not settings.tokens and not (settings.tls and settings.tls.ca)
