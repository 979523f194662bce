"""A client's token stays private, and bad files are reported before it connects."""

from __future__ import annotations

from pathlib import Path

import pytest

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.client.channel import ChannelSettings
from magenta_bridge.client.status import why_unreachable
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
def test_a_token_is_sent_to_other_computers_only_over_tls(address: str, tls: bool | None) -> None:
    with pytest.raises(UnsupportedError) as caught:
        ChannelSettings.read(address, TOKEN, tls)
    assert caught.value.field == "token"
    assert TOKEN not in caught.value.message
    for token, private in ((TOKEN, True), (None, tls)):
        ChannelSettings.read(address, token, private).open().close()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "localhost:1", "[::1]:1"])
def test_a_token_may_be_sent_in_plaintext_on_loopback(address: str) -> None:
    settings = ChannelSettings.read(address, f"\t{TOKEN}\n")
    channel = settings.open()
    assert TOKEN not in repr(settings) + repr(channel)
    channel.close()


@pytest.mark.parametrize("token", ["", " ", "a b", "maria:x", "x\ny", "\u266d", "x\x00"])
def test_an_invalid_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Client("127.0.0.1:1", token=token)
    assert caught.value.field == "token"
    assert token.strip() == "" or token not in caught.value.message


def test_both_clients_refuse_missing_files(tmp_path: Path) -> None:
    tls = TlsFiles(ca=tmp_path / "ca.crt")

    with pytest.raises(NotFoundError, match=r"ca\.crt") as one:
        Client("127.0.0.1:1", tls=tls)
    with pytest.raises(MagentaBridgeError) as two:
        AsyncClient("127.0.0.1:1", tls=tls)
    assert one.value.message == two.value.message


def test_a_refused_connection_has_no_deeper_cause() -> None:
    assert why_unreachable("failed to connect to all addresses; Connection refused") is None
    assert why_unreachable("Socket closed") is None
