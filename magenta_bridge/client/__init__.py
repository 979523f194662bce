"""The client for scripts: synchronous and asyncio."""

from __future__ import annotations

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client.async_client import AsyncClient
from magenta_bridge.client.bundle import Bundle, BundleStatus
from magenta_bridge.client.client import Client
from magenta_bridge.client.generator import Argument, ArgumentType, Generator, GeneratorStatus

__all__ = [
    "Argument",
    "ArgumentType",
    "AsyncClient",
    "Bundle",
    "BundleStatus",
    "Client",
    "Generator",
    "GeneratorStatus",
    "TlsFiles",
]
