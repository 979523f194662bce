"""Text from clients never becomes a path, a command or an address."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, Final

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import model_pb2
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from magenta_bridge.v1.model_pb2_grpc import ModelServiceStub
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options

MARK: Final = "evil-4711"
NASTY: Final = (
    f"../../../{MARK}",
    f"/{MARK}",
    f"/tmp/{MARK}/../{MARK}",  # noqa: S108
    f"..\\..\\{MARK}",
    f"C:\\{MARK}",
    f"\\\\host\\{MARK}",
    f"~/{MARK}",
    f"file:///{MARK}",
    f"http://127.0.0.1:1/{MARK}",
    f"$({MARK})",
    f"`{MARK}`; {MARK} | {MARK}",
    f"${{HOME}}/{MARK}",
    f"%2e%2e%2f{MARK}",
    f"{MARK}\x00.mag",
    f"{MARK}\n{MARK}\r\n\x1b[2J",
    f"{MARK}\u202e\u2066\ufeff",
    f"{{0.__class__}}%s%n{MARK}",
    f"CON.{MARK}",
    f"{MARK}.mag",
)
# Audit events of opening, listing, creating, moving, removing, running and connecting.
_WATCHED: Final = ("open", "os.", "shutil.", "subprocess.", "socket.", "glob.", "pathlib.", "exec")


class _AuditHook:
    """Records audit events whose arguments contain the marked text."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self._listening = False
        # A hook cannot be taken out again.
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._listening and event.startswith(_WATCHED) and MARK in (text := repr(arguments)):
            self.received.append(f"{event} {text}")

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Fail if there was an event."""
        self.received.clear()
        self._listening = True
        try:
            yield
        finally:
            self._listening = False
        assert self.received == []


@pytest.fixture(scope="module")
def audit() -> _AuditHook:
    """One for all tests."""
    return _AuditHook()


def test_the_audit_hook_detects_events(audit: _AuditHook) -> None:
    """Otherwise the tests below could not fail."""
    with (
        pytest.raises(AssertionError, match=MARK),
        audit.listening(),
        contextlib.suppress(OSError),
        open(f"/{MARK}/x"),  # noqa: PTH123
    ):
        pass


def _primer(text: str) -> NoteSequence:
    primer = NoteSequence(id=text, filename=text, collection_name=text, reference_number=1)
    primer.notes.add(pitch=60, velocity=80, end_time=1.0)
    primer.part_infos.add(name=text)
    primer.instrument_infos.add(name=text)
    return primer


def _requests(text: str) -> list[tuple[str, Any]]:
    named = options()
    named.args[text].string_value = text
    valued = options()
    valued.args["mode"].string_value = text
    short = text[:60]
    return [
        ("GetGenerator", pb.GetGeneratorRequest(generator_id=text)),
        ("ListGenerators", pb.ListGeneratorsRequest(page_token=text)),
        ("Generate", pb.GenerateRequest(generator_id=text, options=options())),
        ("Generate", pb.GenerateRequest(generator_id="scale", request_id=short, options=options())),
        ("Generate", pb.GenerateRequest(generator_id="scale", options=named)),
        ("Generate", pb.GenerateRequest(generator_id="scale", options=valued)),
        (
            "Generate",
            pb.GenerateRequest(generator_id="scale", primer=_primer(text), options=options()),
        ),
    ]


@pytest.mark.parametrize("text", NASTY)
def test_no_field_reaches_the_system(live: LiveServer, audit: _AuditHook, text: str) -> None:
    stub = GenerationServiceStub(live.channel)
    codes = set()
    with audit.listening():
        for method, request in _requests(text):
            try:
                getattr(stub, method)(request, timeout=20)
                codes.add("OK")
            except grpc.RpcError as error:
                refused: Any = error
                codes.add(refused.code().name)
        for message in (text, f"magenta_bridge.v1.models/{text}"):
            health = health_pb2_grpc.HealthStub(live.channel)
            with pytest.raises(grpc.RpcError):
                health.Check(health_pb2.HealthCheckRequest(service=message), timeout=20)
    assert codes == {"OK", "NOT_FOUND", "INVALID_ARGUMENT"}


@pytest.mark.parametrize("text", NASTY)
def test_no_bundle_name_reaches_the_system(live: LiveServer, audit: _AuditHook, text: str) -> None:
    stub = ModelServiceStub(live.channel)
    requests: tuple[tuple[Any, Any], ...] = (
        (stub.ListBundles, model_pb2.ListBundlesRequest(page_token=text)),
        (stub.LoadBundle, model_pb2.LoadBundleRequest(name=text)),
        (stub.UnloadGenerator, model_pb2.UnloadGeneratorRequest(generator_id=text)),
    )
    with audit.listening():
        for call, request in requests:
            with pytest.raises(grpc.RpcError) as caught:
                call(request, timeout=20)
            refused: Any = caught.value
            assert refused.code().name in {"NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION"}


@pytest.mark.parametrize("text", [text for text in NASTY if text.isascii() and text.isprintable()])
def test_no_metadata_reaches_the_system(live: LiveServer, audit: _AuditHook, text: str) -> None:
    stub = GenerationServiceStub(live.channel)
    headers = (("authorization", f"Bearer {text}"), ("x-request-id", text), ("x-tags", text))
    with audit.listening():
        assert stub.ListGenerators(
            pb.ListGeneratorsRequest(), timeout=20, metadata=headers
        ).generators
