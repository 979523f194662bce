"""A client's token stays private, and bad files are told before a connection is tried."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.client.handshake import why_unreachable
from magenta_bridge.client.security import open_channel
from magenta_bridge.errors import (
    InvalidArgumentError,
    MagentaBridgeError,
    NotFoundError,
    UnsupportedError,
)

TOKEN = "maria-0123456789-0123456789-0123456789"  # noqa: S105 - of these tests alone


@pytest.mark.parametrize(
    "address",
    ["bridge.example:1", "10.0.0.5:1", "[::]:1", "0.0.0.0:1", "dns:///127.0.0.1:1", "127.1:1"],
)
@pytest.mark.parametrize("tls", [None, False])
def test_a_token_goes_to_other_computers_over_tls_alone(address: str, tls: bool | None) -> None:
    with pytest.raises(UnsupportedError, match="could be read on the way") as caught:
        open_channel(address, TOKEN, tls)
    assert TOKEN not in caught.value.message
    for token, private in ((TOKEN, True), (None, tls)):
        open_channel(address, token, private).close()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "localhost:1", "[::1]:1"])
def test_on_this_computer_a_token_may_go_in_plaintext(address: str) -> None:
    channel = open_channel(address, f"\t{TOKEN}\n", None)
    assert TOKEN not in repr(channel)
    channel.close()


@pytest.mark.parametrize("token", ["", " ", "a b", "maria:x", "x\ny", "\u266d", "x\x00"])
def test_what_is_no_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(InvalidArgumentError, match="The token is empty or holds") as caught:
        Client("127.0.0.1:1", token=token)
    assert caught.value.field == "token"


def test_both_clients_refuse_files_that_are_not_there(tmp_path: Path) -> None:
    tls = TlsFiles(ca=tmp_path / "ca.crt")

    async def connect() -> None:
        AsyncClient("127.0.0.1:1", tls=tls)

    with pytest.raises(NotFoundError, match=r"ca\.crt") as one:
        Client("127.0.0.1:1", tls=tls)
    with pytest.raises(MagentaBridgeError) as two:
        asyncio.run(connect())
    assert one.value.message == two.value.message


def test_a_refused_connection_has_no_deeper_cause() -> None:
    assert why_unreachable("failed to connect to all addresses; Connection refused") is None
    assert why_unreachable("Socket closed") is None
