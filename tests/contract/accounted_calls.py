"""Calls of many kinds, with counts of their expected ends."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from magenta_bridge.noteseq import GeneratorOptions
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options

SERVICE = "magenta_bridge.v1.GenerationService"
SLOTS = 4
PATIENCE = 60.0


class AccountedCalls:
    """Makes calls of all kinds, and counts how they must end.

    Args:
        live: The server to call.
    """

    def __init__(self, live: LiveServer) -> None:
        self.stub = GenerationServiceStub(live.channel)
        self.ended: Counter[tuple[str, ...]] = Counter()
        self.requests: Counter[tuple[str, ...]] = Counter()
        self.failed: Counter[tuple[str, ...]] = Counter()
        self.rejected: Counter[tuple[str, ...]] = Counter()
        self.variations = 0
        self._live = live

    def expect(self, method: str, code: str, generator: str = "", reason: str = "") -> None:
        """Count an expected end of a call."""
        self.ended[(f"{SERVICE}/{method}", code)] += 1
        if generator:
            self.requests[(generator, f"{SERVICE}/{method}", code)] += 1
        if reason:
            turned_away = code == "RESOURCE_EXHAUSTED"
            (self.rejected if turned_away else self.failed)[(reason,)] += 1

    def good(self, variations: int) -> None:
        """Generate some variations."""
        request = pb.GenerateRequest(generator_id="scale", options=options(), variations=variations)
        assert len(self.stub.Generate(request, timeout=PATIENCE).sequences) == variations
        self.variations += variations
        self.expect("Generate", "OK", "scale")

    def streamed(self) -> None:
        """Stream one variation."""
        request = pb.StreamGenerateRequest(generator_id="scale", options=options())
        assert len(list(self.stub.StreamGenerate(request, timeout=PATIENCE))) == 3
        self.variations += 1
        self.expect("StreamGenerate", "OK", "scale")

    def listed(self) -> None:
        """List the generators."""
        self.stub.ListGenerators(pb.ListGeneratorsRequest(), timeout=PATIENCE)
        self.expect("ListGenerators", "OK")

    def fails(self, generator: str, requested: GeneratorOptions, *expected: str) -> None:
        """Send a request that ends with this code, generator label and reason."""
        request = pb.GenerateRequest(generator_id=generator, options=requested)
        with pytest.raises(grpc.RpcError):
            self.stub.Generate(request, timeout=PATIENCE)
        code, label, reason = expected
        self.expect("Generate", code, label, reason)

    def undecodable(self) -> None:
        """Send bytes that are not a request."""
        send: Any = self._live.channel.unary_unary(f"/{SERVICE}/Generate")
        with pytest.raises(grpc.RpcError):
            send(b"\xff", timeout=PATIENCE)
        self.expect("Generate", "INVALID_ARGUMENT", "", "INVALID_ARGUMENT")

    def overloaded(self, calls: int) -> None:
        """Fill the slots and make some more calls."""
        with self.all_slots_taken():
            for _ in range(calls):
                self.fails("scale", options(), "RESOURCE_EXHAUSTED", "scale", "OVERLOADED")

    @contextlib.contextmanager
    def all_slots_taken(self) -> Iterator[None]:
        """Fill all slots with requests, and cancel them at the end."""
        request = pb.StreamGenerateRequest(generator_id="gated", options=options())
        calls = [self.stub.StreamGenerate(request, timeout=PATIENCE) for _ in range(SLOTS)]
        for call in calls:
            next(iter(call))
        yield
        for call in calls:
            call.cancel()
            self.expect("StreamGenerate", "CANCELLED", "gated")
        self._live.wait_until_free()

    def too_slow(self) -> None:
        """Make calls that exceed the server's own timeout."""
        request = pb.GenerateRequest(generator_id="gated", options=options())
        with contextlib.ExitStack() as ends:
            for _ in range(SLOTS):
                call = self.stub.Generate.future(request)
                ends.callback(self._check_deadline, call)
        self._live.wait_until_free()

    def _check_deadline(self, call: Any) -> None:  # noqa: ANN401 - gRPC's own has no name
        assert call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        self.expect("Generate", "DEADLINE_EXCEEDED", "gated", "DEADLINE_EXCEEDED")
