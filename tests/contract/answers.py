"""Parse the errors of calls, and check the rules for all errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.contract.fake_generator import LEAK


@dataclass(frozen=True)
class Failure:
    """A status other than OK.

    Attributes:
        code: Name of the canonical code.
        message: The message.
        info: Its ErrorInfo.
        fields: Field paths of its BadRequest.
        retry_s: Seconds of its RetryInfo; None without.
        quotas: Subjects of its QuotaFailure.
    """

    code: str
    message: str
    info: error_details_pb2.ErrorInfo
    fields: tuple[str, ...]
    retry_s: float | None
    quotas: tuple[str, ...]


def read_failure(error: grpc.RpcError) -> Failure:
    """Return the parsed error of a call, after checking the rules for all errors."""
    call: Any = error
    status = rpc_status.from_call(call)
    assert status is not None, f"no details: {call.code()} {call.details()}"
    return check_status(status)


def check_status(status: status_pb2.Status) -> Failure:
    """Return the parsed error of a status, after checking the rules for all errors."""
    code = str(code_pb2.Code.Name(status.code))
    info = error_details_pb2.ErrorInfo()
    bad = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    quota = error_details_pb2.QuotaFailure()
    seen = [detail.TypeName() for detail in status.details]
    for detail in status.details:
        assert any(detail.Unpack(known) for known in (info, bad, retry, quota)), detail
    assert len(seen) == len(set(seen)), "each type of detail occurs once"
    assert info.domain == "magenta-bridge"
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,62}", info.reason)
    assert LEAK not in status.message
    assert "Traceback" not in status.message
    fields = tuple(violation.field for violation in bad.field_violations)
    assert bool(fields) == (code == "INVALID_ARGUMENT")
    seconds = retry.retry_delay.ToMilliseconds() / 1000 if retry.HasField("retry_delay") else None
    assert (seconds is not None) == (code in {"UNAVAILABLE", "RESOURCE_EXHAUSTED"})
    quotas = tuple(violation.subject for violation in quota.violations)
    assert bool(quotas) == (code == "RESOURCE_EXHAUSTED")
    return Failure(code, status.message, info, fields, seconds, quotas)
