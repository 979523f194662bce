"""What the gate finds out of a caller."""

from __future__ import annotations

from dataclasses import replace

import pytest

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.errors import RateLimitedError, UnauthenticatedError
from magenta_bridge.server.bind_policy import allows_anonymous_admin
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.security.rate_limit import RateGate
from magenta_bridge.server.security.tokens import AccessGate
from magenta_bridge.server.settings import ServerSettings
from tests.contract.secured_server import MARIA, OWNER, STRANGER, known_tokens


def _call(token: str | None = None) -> Call:
    metadata = {"user-agent": "test"}
    if token is not None:
        metadata["authorization"] = f"Bearer {token}"
    return Call("/magenta_bridge.v1.S/M", 0.0, caller="10.0.0.5", metadata=metadata)


@pytest.mark.parametrize(
    ("token", "name", "admin"), [(MARIA, "maria", False), (OWNER, "owner", True)]
)
def test_a_token_gives_name_and_rank(token: str, name: str, admin: bool) -> None:
    known = AccessGate(known_tokens(), all_admins=True).admit(_call(token))
    assert (known.caller, known.admin) == (name, admin)


@pytest.mark.parametrize("token", [STRANGER, "", None])
def test_a_call_without_a_valid_token_is_rejected(token: str | None) -> None:
    with pytest.raises(UnauthenticatedError):
        AccessGate(known_tokens(), all_admins=True).admit(_call(token))


@pytest.mark.parametrize("admin", [True, False])
def test_without_tokens_the_caller_is_unchanged(admin: bool) -> None:
    known = AccessGate(None, all_admins=admin).admit(_call())
    assert (known.caller, known.admin) == ("10.0.0.5", admin)


def test_guesses_of_an_address_are_limited_and_valid_tokens_are_not() -> None:
    """On whatever connection they come."""
    gate = AccessGate(known_tokens(), all_admins=False, refusals=RateGate(1.0, 3, now=lambda: 0.0))
    for number in range(3):
        with pytest.raises(UnauthenticatedError):
            gate.admit(replace(_call(STRANGER), connection=f"10.0.0.5:{number}"))
    for token in (STRANGER, None):
        with pytest.raises(RateLimitedError):
            gate.admit(replace(_call(token), connection="10.0.0.5:9"))
    assert gate.admit(_call(MARIA)).caller == "maria"
    with pytest.raises(UnauthenticatedError):
        gate.admit(replace(_call(STRANGER), caller="10.0.0.6"))


def test_the_token_goes_no_further_than_the_gate() -> None:
    """Nor is it in the repr of a call, which may be logged."""
    call = _call(MARIA)
    assert MARIA not in repr(call)
    for tokens in (known_tokens(), None):
        known = AccessGate(tokens, all_admins=False).admit(call)
        assert known.metadata == {"user-agent": "test"}


@pytest.mark.parametrize(
    ("settings", "is_open"),
    [
        (ServerSettings(), True),
        (ServerSettings("[::1]:0", tls=TlsFiles(cert="a", key="b")), True),
        (ServerSettings(tls=TlsFiles(cert="a", key="b", ca="c")), False),
        (ServerSettings(tokens=known_tokens()), False),
        (ServerSettings("10.0.0.5:0", tls=TlsFiles(cert="a", key="b", ca="c")), False),
    ],
)
def test_on_loopback_without_authentication_all_callers_are_administrators(
    settings: ServerSettings, is_open: bool
) -> None:
    assert allows_anonymous_admin(settings) is is_open
