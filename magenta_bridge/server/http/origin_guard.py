"""Keeps web pages out that nobody has let in.

Every page in every browser of this computer can reach a loopback port. Three things tell such a
request from an honest one, and a page can forge none of them: ``Host`` names the host that the
page believes to speak to (a name of its own, when it has pointed that at 127.0.0.1), ``Origin``
the page's own, and ``Sec-Fetch-Site`` whether the two are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from magenta_bridge.errors import ForbiddenError, InvalidArgumentError
from magenta_bridge.server.http.errors import Fault
from magenta_bridge.server.rpc.call import REQUEST_ID_HEADER

_NAMES: Final = ("127.0.0.1", "localhost")
_PORT_OF_HTTP: Final = 80
_OWN_PAGES: Final = frozenset({"none", "same-origin"})
_ORIGIN: Final = re.compile(r"https?://(?:\[[0-9a-f:]+\]|[a-z0-9._-]+)(?::[1-9]\d{0,4})?")

_ALLOWED_HEADERS: Final = (
    "authorization, connect-accept-encoding, connect-content-encoding, connect-protocol-version, "
    f"connect-timeout-ms, content-type, x-user-agent, {REQUEST_ID_HEADER}"
)
_REMEMBER_SECONDS: Final = 600


def read_origin(text: str) -> str:
    """Reads the origin of a web page, such as ``http://localhost:8000``.

    Returns:
        The origin as browsers write it.

    Raises:
        InvalidArgumentError: It is none, or stands for more than one page's.
    """
    origin = text.strip().lower().removesuffix("/")
    if _ORIGIN.fullmatch(origin) is None:
        raise InvalidArgumentError(
            f"{text!r} is no origin of a web page; write http://HOST:PORT, such as "
            "http://localhost:8000, without a path.",
            field="http-origin",
        )
    scheme, _, rest = origin.partition("://")
    return f"{scheme}://{rest.removesuffix(':80' if scheme == 'http' else ':443')}"


class Guard:
    """Says which requests may pass, and what a browser is told of it.

    Args:
        origins: Origins of the pages that may ask.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(map(read_origin, origins))

    def admit(self, request: web.BaseRequest, port: int) -> dict[str, str]:
        """Lets a request pass.

        Args:
            request: The request.
            port: The port that it came to.

        Returns:
            Headers for the answer, without which a browser keeps it from the page.

        Raises:
            Fault: It may not pass.
        """
        self._check_host(request, port)
        origins = request.headers.getall("Origin", [])
        allowed = len(origins) == 1 and origins[0] in self._origins
        if origins and not allowed:
            raise _forbidden(
                f"A web page of {origins[0][:100]!r} may not use this server; start it with "
                "--http-origin to let one in."
            )
        if not allowed and request.headers.get("Sec-Fetch-Site", "none") not in _OWN_PAGES:
            raise _forbidden(
                "A web page of another site may not use this server; start it with "
                "--http-origin to let one in."
            )
        headers = {"Vary": "Origin"} if self._origins else {}
        if allowed:
            headers["Access-Control-Allow-Origin"] = origins[0]
            headers["Access-Control-Expose-Headers"] = REQUEST_ID_HEADER
        return headers

    def _check_host(self, request: web.BaseRequest, port: int) -> None:
        hosts = [host.lower() for host in request.headers.getall("Host", [])]
        # Nobody writes the port that the protocol has by itself.
        end = "" if port == _PORT_OF_HTTP else f":{port}"
        if len(hosts) != 1 or hosts[0] not in {f"{name}{end}" for name in _NAMES}:
            raise _forbidden(
                f"This server is 127.0.0.1:{port} or localhost:{port}, and the request's Host "
                "header names another; ask for it by one of these."
            )


def preflight(request: web.BaseRequest) -> dict[str, str]:
    """Returns what a browser wants to know before it lets an admitted page ask."""
    headers = {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
        "Access-Control-Max-Age": str(_REMEMBER_SECONDS),
    }
    if "Access-Control-Request-Private-Network" in request.headers:
        headers["Access-Control-Allow-Private-Network"] = "true"
    return headers


def _forbidden(text: str) -> Fault:
    return Fault(403, ForbiddenError(text))
