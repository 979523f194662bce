"""Reject requests from web pages whose origin is not allowed.

Any page in any browser on this computer can reach a localhost port. Three headers distinguish
such a request, and a page cannot forge any of them: ``Host`` has the host name that the page
uses (its own, when that name resolves to 127.0.0.1), ``Origin`` the page's origin, and
``Sec-Fetch-Site`` whether the two match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from magenta_bridge.errors import ForbiddenError, InvalidArgumentError
from magenta_bridge.server.http.errors import HttpError
from magenta_bridge.server.rpc.call import REQUEST_ID_HEADER

_HOSTS: Final = ("127.0.0.1", "localhost")
_DEFAULT_PORT: Final = 80
_SAME_SITE: Final = frozenset({"none", "same-origin"})
_ORIGIN: Final = re.compile(r"https?://(?:\[[0-9a-f:]+\]|[a-z0-9._-]+)(?::[1-9]\d{0,4})?")

_ALLOWED_HEADERS: Final = (
    "authorization, connect-accept-encoding, connect-content-encoding, connect-protocol-version, "
    f"connect-timeout-ms, content-type, x-user-agent, {REQUEST_ID_HEADER}"
)
_MAX_AGE_SECONDS: Final = 600


def read_origin(text: str) -> str:
    """Parse the origin of a web page, such as ``http://localhost:8000``.

    Returns:
        The origin as browsers write it.

    Raises:
        InvalidArgumentError: It is not the origin of one site.
    """
    origin = text.strip().lower().removesuffix("/")
    if _ORIGIN.fullmatch(origin) is None:
        raise InvalidArgumentError(
            f"{text!r} is not the origin of a web page; write http://HOST:PORT, such as "
            "http://localhost:8000, without a path.",
            field="http-origin",
        )
    scheme, _, rest = origin.partition("://")
    return f"{scheme}://{rest.removesuffix(':80' if scheme == 'http' else ':443')}"


class OriginGuard:
    """Decides which requests are admitted, and with which CORS headers.

    Args:
        origins: Origins of the pages that are allowed.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(map(read_origin, origins))

    def admit(self, request: web.BaseRequest, port: int) -> dict[str, str]:
        """Return the CORS headers of the response.

        Args:
            request: The request.
            port: The port that received it.

        Raises:
            HttpError: The request is rejected.
        """
        hosts = [host.lower() for host in request.headers.getall("Host", [])]
        # Clients leave out the default port.
        suffix = "" if port == _DEFAULT_PORT else f":{port}"
        if len(hosts) != 1 or hosts[0] not in {f"{host}{suffix}" for host in _HOSTS}:
            raise _forbidden(
                f"The Host header does not match this server; use 127.0.0.1:{port} or "
                f"localhost:{port}."
            )
        origins = request.headers.getall("Origin", [])
        allowed = len(origins) == 1 and origins[0] in self._origins
        if not allowed and (
            origins or request.headers.get("Sec-Fetch-Site", "none") not in _SAME_SITE
        ):
            page = f"the origin {origins[0][:100]!r}" if origins else "another site"
            raise _forbidden(
                f"Requests from web pages of {page} are not allowed; start the server with "
                "--http-origin to allow one."
            )
        headers = {"Vary": "Origin"} if self._origins else {}
        if allowed:
            headers["Access-Control-Allow-Origin"] = origins[0]
            headers["Access-Control-Expose-Headers"] = REQUEST_ID_HEADER
        return headers


def preflight(request: web.BaseRequest) -> dict[str, str]:
    """Return the headers that answer a browser's preflight request for an allowed page."""
    headers = {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
        "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
    }
    if "Access-Control-Request-Private-Network" in request.headers:
        headers["Access-Control-Allow-Private-Network"] = "true"
    return headers


def _forbidden(text: str) -> HttpError:
    return HttpError(403, ForbiddenError(text))
