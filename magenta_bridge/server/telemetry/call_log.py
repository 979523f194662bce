"""One line of the log for each call, at its end: what, for whom, how long, and how it ended.

It holds no music and nothing secret: neither notes nor headers nor tokens.
"""

from __future__ import annotations

import json
import logging

from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.log_format import log_fields, printable

_log = logging.getLogger(__name__)


class CallLog:
    """An ``Observer`` that writes to the log, at level INFO."""

    def began(self, call: Call) -> None:
        """Says nothing yet."""

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        """Writes the call's line."""
        if not _log.isEnabledFor(logging.INFO):
            return
        fields = {
            "event": "call",
            "method": printable(call.method.removeprefix("/")),
            "generator": printable(call.generator_id),
            "code": code,
            "reason": reason,
            "seconds": round(seconds, 6),
            "caller": printable(call.caller),
            "request_id": printable(call.name),
        }
        _log.info("%s", _sentence(call, code, reason, seconds), extra=log_fields(**fields))


def _sentence(call: Call, code: str, reason: str, seconds: float) -> str:
    what = printable(call.method.rpartition("/")[2])
    generator = f" by {json.dumps(printable(call.generator_id))}" if call.generator_id else ""
    why = f" ({reason})" if reason not in ("", code) else ""
    name = json.dumps(printable(call.name))
    whom = printable(call.caller)
    return f"{what}{generator} {code}{why} in {seconds:.3f} s for {whom}, request {name}"
