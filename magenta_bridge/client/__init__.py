"""The client for scripts: synchronous and asyncio."""

from __future__ import annotations

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client.async_client import AsyncClient
from magenta_bridge.client.client import Client
from magenta_bridge.description import (
    BundleInfo,
    BundleStatus,
    Capability,
    GeneratorInfo,
    GeneratorStatus,
    Notice,
)

__all__ = [
    "Argument",
    "ArgumentType",
    "AsyncClient",
    "BundleInfo",
    "BundleStatus",
    "Capability",
    "Client",
    "GeneratorInfo",
    "GeneratorStatus",
    "Notice",
    "TlsFiles",
]
