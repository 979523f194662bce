"""The log: a line for each call, as text or JSON, which no caller can forge."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from magenta_bridge.limits import FAILED_LINES
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.log import (
    CallLog,
    JsonFormatter,
    LogWriter,
    TextFormatter,
    logging_to,
)
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.fake_generator import LEAK
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options
from tests.limited_files import limited_files

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|ERROR) +\S.*")
FORGED = "2026-01-01T00:00:00.000Z INFO    Generate OK"


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server with the fake generators."""
    server = LiveServer()
    yield server
    server.close()


def _call(live: LiveServer, generator: str = "scale", **fields: Any) -> None:  # noqa: ANN401
    request = pb.GenerateRequest(generator_id=generator, options=options(), **fields)
    stub = GenerationServiceStub(live.channel)
    try:
        stub.Generate(request, timeout=30, metadata=(("authorization", "Bearer hush-hush"),))
    except grpc.RpcError:
        return


def test_a_call_is_a_line_of_json(live: LiveServer) -> None:
    """With the method, the caller and the status as fields."""
    stream = io.StringIO()
    with logging_to(stream, form="json"):
        _call(live, request_id="take 7")
        _call(live, "missing")
    good, missing = map(json.loads, stream.getvalue().splitlines())
    assert LINE.match(f"{good['time']} INFO x")
    assert {name: good[name] for name in ("level", "event", "method", "code", "reason")} == {
        "level": "info",
        "event": "call",
        "method": "magenta_bridge.v1.GenerationService/Generate",
        "code": "OK",
        "reason": "",
    }
    assert (good["generator"], good["request_id"]) == ("scale", "take 7")
    assert good["caller"] in ("127.0.0.1", "::1")
    assert 0 < good["seconds"] < 30
    assert (missing["code"], missing["reason"]) == ("NOT_FOUND", "NOT_FOUND")
    assert re.fullmatch("[0-9a-f]{16}", missing["request_id"])


def test_a_call_is_a_line_of_text(live: LiveServer) -> None:
    stream = io.StringIO()
    with logging_to(stream):
        _call(live, request_id="take 7")
    (line,) = stream.getvalue().splitlines()
    assert LINE.fullmatch(line)
    assert re.search(r'Generate by "scale" OK in \d\.\d{3} s for \S+, request "take 7"$', line)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bug_is_logged_with_its_incident_and_traceback(live: LiveServer, form: str) -> None:
    stream = io.StringIO()
    with logging_to(stream, form=form):
        _call(live, "faulty", request_id="take 7")
    text = stream.getvalue()
    assert LEAK in text
    if form == "json":
        bug, call = map(json.loads, text.splitlines())
        assert re.fullmatch("[0-9a-f]{8}", bug["incident"])
        assert bug["request_id"] == call["request_id"] == "take 7"
        assert bug["traceback"].startswith("Traceback")
        assert call["code"] == "INTERNAL"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\x1b[2K\r", "\u2028", "\x85", "\x0b", "\x00"])
def test_callers_cannot_forge_a_line(live: LiveServer, form: str, end: str) -> None:
    """Line ends and terminal codes of requests and errors are escaped."""
    stream = io.StringIO()

    def fail() -> Exception:
        return RuntimeError(f"no such thing{end}{FORGED}")

    live.faulty.make_error = fail
    with logging_to(stream, form=form):
        _call(live, f"missing{end}{FORGED}", request_id=f"x{end}{FORGED}")
        _call(live, "faulty")
    text = stream.getvalue()
    assert all(c.isprintable() or c == "\n" for c in text)
    heads = [line for line in text.splitlines() if not line.startswith("    ")]
    assert len(heads) == 3
    assert not any(line.startswith(FORGED) for line in text.splitlines())
    assert all(LINE.match(line) if form == "text" else json.loads(line) for line in heads)


@pytest.mark.parametrize("form", ["text", "json"])
def test_neither_music_nor_secrets_are_logged(live: LiveServer, form: str) -> None:
    stream = io.StringIO()
    primer = NoteSequence(collection_name="my secret song")
    with logging_to(stream, form=form, level="debug"):
        _call(live, primer=primer)
        _call(live, "faulty", primer=primer)
    assert stream.getvalue()
    assert "hush-hush" not in stream.getvalue()
    assert "secret song" not in stream.getvalue()


def test_a_long_text_is_truncated(live: LiveServer) -> None:
    stream = io.StringIO()
    with logging_to(stream, form="json"):
        _call(live, "n" * 100_000, request_id="x" * 100_000)
    assert len(stream.getvalue()) < 2_000


@pytest.mark.parametrize("level", ["warning", "error"])
def test_a_level_excludes_lower_levels(live: LiveServer, level: str) -> None:
    stream = io.StringIO()
    with logging_to(stream, level=level):
        _call(live)
        _call(live, "faulty")
    lines = [line for line in stream.getvalue().splitlines() if LINE.fullmatch(line)]
    assert [line.split()[1] for line in lines] == ["ERROR"]


def test_the_logging_configuration_is_restored() -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("magenta_bridge").level
    with logging_to(io.StringIO()):
        assert root.handlers != before[0]
    assert (root.handlers, root.level, logging.getLogger("magenta_bridge").level) == before


def _record(text: str) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, "", 0, text, None, None)


def test_an_unread_pipe_does_not_block_and_dropped_lines_are_counted() -> None:
    """The number of dropped lines is logged once the pipe is read."""
    readable, writable = os.pipe()
    with os.fdopen(readable) as reader, os.fdopen(writable, "w") as stream:
        writer = LogWriter(stream, TextFormatter(), limit=5)
        writer.start()
        # The pipe takes 64 KiB and the stream some more; then the thread waits for a reader.
        for _ in range(3_000):
            writer.handler.handle(_record("x" * 100))
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(reader.readlines)
            writer.stop()
            stream.close()
            lines = reading.result(60)
    warnings = [re.search(r"(\d+) log lines were lost", line) for line in lines]
    lost = [int(found[1]) for found in warnings if found is not None]
    assert lost
    assert len(lines) - len(lost) + sum(lost) == 3_000


class _FullDisk(io.StringIO):
    full = False

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_log_on_a_full_disk_resumes_and_counts_the_lost_lines() -> None:
    stream = _FullDisk()
    writer = LogWriter(stream, TextFormatter())
    for text in ("one", "two", "three", "four"):
        stream.full = text in {"two", "three"}
        writer.handle(_record(text))
    lines = stream.getvalue().splitlines()
    assert [line.split()[-1] for line in (lines[0], lines[-1])] == ["one", "four"]
    assert len(lines) == 3
    assert "2 log lines were lost" in lines[1]


@pytest.mark.parametrize("size", [0, 400, 437, 1_000])
def test_each_line_on_a_full_disk_is_either_whole_or_counted(tmp_path: Path, size: int) -> None:
    """A line that was cut off counts as lost, and does not run into the next one."""
    path = tmp_path / "server.log"
    with path.open("w") as stream:
        writer = LogWriter(stream, TextFormatter())
        with limited_files(size):
            for number in range(40):
                writer.handle(_record(f"line {number:02}"))
        writer.handle(_record("line 40"))
    lines = path.read_text().splitlines()
    whole = [line for line in lines if re.search(r" line \d\d$", line)]
    (lost,) = (int(found[1]) for line in lines if (found := re.search(r"(\d+) log lines", line)))
    assert whole[-1].endswith("line 40")
    assert len(whole) + lost == 41


def test_lines_about_failed_calls_are_limited(caplog: pytest.LogCaptureFixture) -> None:
    """Those about successful calls are not."""
    now = 5.0
    log, call = CallLog(lambda: now), Call("/magenta_bridge.v1.S/M", 0.0)
    with caplog.at_level(logging.INFO, "magenta_bridge"):
        for _ in range(1_000):
            log.ended(call, "UNAUTHENTICATED", "UNAUTHENTICATED", 0.0)
        log.ended(call, "OK", "", 0.0)
        assert len(caplog.records) == FAILED_LINES.value + 1
        now = 6.0
        log.ended(call, "UNAUTHENTICATED", "UNAUTHENTICATED", 0.0)
    assert f"{1_000 - FAILED_LINES.value} more failed calls" in caplog.records[-2].getMessage()
    assert len(caplog.records) == FAILED_LINES.value + 3


def test_a_closed_reader_is_not_an_error() -> None:
    readable, writable = os.pipe()
    os.close(readable)
    stream = os.fdopen(writable, "w")
    writer = LogWriter(stream, JsonFormatter())
    writer.start()
    for _ in range(10):
        writer.handler.handle(_record("x"))
    writer.stop()
    stream.close()
