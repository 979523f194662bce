"""One row per rpc: a valid, an invalid and, for generation, a slow request.

A new rpc fails ``test_every_rpc_has_a_row`` until its row stands here; all other tests of the
contract then hold for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import model_pb2


@dataclass(frozen=True)
class RpcCase:
    """How to call one rpc.

    Attributes:
        method: Full name.
        good: A request that succeeds within milliseconds.
        bad: Invalid requests, with the field path that the error names.
        missing: A request for an unknown generator; None if the rpc names no generator.
        slow: A request that never ends by itself, or None.
        response: Class of the response.
        streaming: Whether the rpc streams its responses.
    """

    method: str
    good: Message
    bad: tuple[tuple[Message, str], ...]
    missing: Message | None
    slow: Message | None
    response: type[Message]
    streaming: bool = False

    def call(self, channel: grpc.Channel, data: bytes, timeout: float | None = 30) -> list[Message]:
        """Send raw bytes and return all responses.

        Raises:
            grpc.RpcError: The status is not OK.
        """
        parse: Callable[[bytes], Message] = self.response.FromString
        kind = channel.unary_stream if self.streaming else channel.unary_unary
        call: Any = kind(self.method, lambda body: body, parse)
        answer = call(data, timeout=timeout)
        return list(answer) if self.streaming else [answer]


def options(start: float = 0.0, end: float = 4.0, **arguments: float) -> GeneratorOptions:
    """Return options for one section, in seconds."""
    made = GeneratorOptions()
    made.generate_sections.add(start_time=start, end_time=end)
    for name, value in arguments.items():
        made.args[name].float_value = value
    return made


def _no_section() -> GeneratorOptions:
    return GeneratorOptions()


def _two_sections() -> GeneratorOptions:
    made = options()
    made.generate_sections.add(start_time=4, end_time=8)
    return made


def _input_section() -> GeneratorOptions:
    made = options()
    made.input_sections.add(start_time=-1, end_time=8)
    return made


def _primer(**note: Any) -> NoteSequence:  # noqa: ANN401 - fields of many types
    primer = NoteSequence()
    primer.notes.add(**{"pitch": 60, "velocity": 80, "end_time": 1.0, **note})
    return primer


Kind = type[pb.GenerateRequest] | type[pb.StreamGenerateRequest]


def _bad_orders(kind: Kind) -> tuple[tuple[Message, str], ...]:
    section = "options.generate_sections[0]"
    text = options()
    text.args["lowest"].string_value = "C"
    fields: list[tuple[dict[str, Any], str]] = [
        ({"options": None}, "options.generate_sections"),
        ({"options": _no_section()}, "options.generate_sections"),
        ({"options": _two_sections()}, "options.generate_sections"),
        ({"options": options(-1, 4)}, f"{section}.start_time"),
        ({"options": options(float("nan"), 4)}, f"{section}.start_time"),
        ({"options": options(4, 4)}, f"{section}.end_time"),
        ({"options": options(0, float("inf"))}, f"{section}.end_time"),
        ({"options": options(0, 1e9)}, f"{section}.end_time"),
        ({"options": _input_section()}, "options.input_sections[0].start_time"),
        ({"options": options(temperature=9.0)}, "options.args[temperature]"),
        ({"options": options(seed=0.5)}, "options.args[seed]"),
        ({"options": options(nonsense=1.0)}, "options.args[nonsense]"),
        ({"options": text}, "options.args[lowest]"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"variations": -1}, "variations"),
        ({"variations": 17}, "variations"),
        ({"request_id": "x" * 65}, "request_id"),
        ({"primer": _primer(pitch=300)}, "primer.notes[0].pitch"),
        ({"primer": _primer(start_time=2.0)}, "primer.notes[0].end_time"),
        ({"primer": _primer(velocity=0)}, "primer.notes[0].velocity"),
    ]
    return tuple(
        (kind(**{"generator_id": "scale", "options": options(), **changed}), path)
        for changed, path in fields
    )


NO_BUNDLE_NAMES = (
    "",
    ".",
    "..",
    ".mag",
    ".light.mag",
    "light",
    "light.mag/",
    "light.mag\\",
    "light.mag\0",
    "light.mag\n",
    "a/light.mag",
    "a\\light.mag",
    "../light.mag",
    "..\\light.mag",
    "/light.mag",
    "/etc/passwd",
    "\\\\host\\share\\light.mag",
    "C:light.mag",
    "C:\\light.mag",
    "light.mag:stream.mag",
    "~/light.mag",
    "file:///light.mag",
    "x" * 252 + ".mag",
)

CASES: tuple[RpcCase, ...] = (
    RpcCase(
        "/magenta_bridge.v1.GenerationService/ListGenerators",
        pb.ListGeneratorsRequest(),
        (
            (pb.ListGeneratorsRequest(page_size=-1), "page_size"),
            (pb.ListGeneratorsRequest(page_token="?"), "page_token"),  # noqa: S106
        ),
        None,
        None,
        pb.ListGeneratorsResponse,
    ),
    RpcCase(
        "/magenta_bridge.v1.GenerationService/GetGenerator",
        pb.GetGeneratorRequest(generator_id="scale"),
        (),
        pb.GetGeneratorRequest(generator_id="missing"),
        None,
        pb.GetGeneratorResponse,
    ),
    RpcCase(
        "/magenta_bridge.v1.GenerationService/Generate",
        pb.GenerateRequest(generator_id="scale", options=options(), seed=1),
        _bad_orders(pb.GenerateRequest),
        pb.GenerateRequest(generator_id="missing", options=options()),
        pb.GenerateRequest(generator_id="gated", options=options()),
        pb.GenerateResponse,
    ),
    RpcCase(
        "/magenta_bridge.v1.GenerationService/StreamGenerate",
        pb.StreamGenerateRequest(generator_id="scale", options=options(), seed=1),
        _bad_orders(pb.StreamGenerateRequest),
        pb.StreamGenerateRequest(generator_id="missing", options=options()),
        pb.StreamGenerateRequest(generator_id="gated", options=options()),
        pb.StreamGenerateResponse,
        streaming=True,
    ),
    RpcCase(
        "/magenta_bridge.v1.ModelService/ListBundles",
        model_pb2.ListBundlesRequest(),
        (
            (model_pb2.ListBundlesRequest(page_size=-1), "page_size"),
            (model_pb2.ListBundlesRequest(page_token="?"), "page_token"),  # noqa: S106
        ),
        None,
        None,
        model_pb2.ListBundlesResponse,
    ),
    RpcCase(
        "/magenta_bridge.v1.ModelService/LoadBundle",
        model_pb2.LoadBundleRequest(name="light.mag"),
        tuple((model_pb2.LoadBundleRequest(name=name), "name") for name in NO_BUNDLE_NAMES),
        None,
        model_pb2.LoadBundleRequest(name="heavy.mag"),
        model_pb2.LoadBundleResponse,
    ),
    RpcCase(
        "/magenta_bridge.v1.ModelService/UnloadGenerator",
        model_pb2.UnloadGeneratorRequest(generator_id="light"),
        (),
        model_pb2.UnloadGeneratorRequest(generator_id="missing"),
        None,
        model_pb2.UnloadGeneratorResponse,
    ),
)

SLOW_CASES = tuple(case for case in CASES if case.slow is not None)
