"""Bundles whose checksum is right and whose program is hostile: refused, and no process ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from magenta_bridge.errors import BundleError
from magenta_bridge.generators import bundle as bundles
from magenta_bridge.generators.bundle import read_bundle, write_bundle
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.limits import Limit
from magenta_bridge.runtime.flatbuffer import read_model, write_model
from magenta_bridge.runtime.verification import verify_program
from tests.fuzz import COUNT
from tests.runtime.programs import a_program, bar_programs, shipped_programs, with_description

_Model = Any  # schema.ModelT
# Program, seed, and share of the inputs; programs of many operators take long to verify.
_RUNS = (
    ("lstm_melody", 1, 0.45), ("lstm_melody", 2, 0.45), ("lstm_performance", 3, 0.05),
    ("gan_melody", 4, 0.05),
)  # fmt: skip


@pytest.mark.parametrize("program", [*shipped_programs().values(), *bar_programs().values()])
def test_the_shipped_programs_are_verified(program: bytes) -> None:
    verify_program(program)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.timeout(10_800)
@pytest.mark.parametrize(("name", "seed", "share"), _RUNS if COUNT else _RUNS[:1])
def test_damaged_programs_are_refused_or_run(name: str, seed: int, share: float) -> None:
    count = round(COUNT * share) or 40
    words = [sys.executable, "-m", "tests.fuzz.programs", name, str(seed), str(count)]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    ends = json.loads(result.stdout)
    assert sum(ends.values()) == count
    # Such a program ends the process that tries it, and is refused; see the test below.
    crashed = sum(times for end, times in ends.items() if end.startswith("signal"))
    assert crashed <= count / 1_000, ends
    assert ends["refused"] > count / 10


def _no_outputs(model: _Model) -> None:
    model.subgraphs[1].operators[3].outputs = np.array([], dtype=np.int32)


def _negative_input(model: _Model) -> None:
    model.subgraphs[1].operators[3].inputs = np.array([-7, -7], dtype=np.int32)


def _other_subgraph(model: _Model) -> None:
    model.signatureDefs[1].subgraphIndex = 0


def _calls_itself(model: _Model) -> None:
    loop = model.subgraphs[0].operators[-1]
    loop.builtinOptions.bodySubgraphIndex = 0


def _endless(model: _Model) -> None:
    loop = model.subgraphs[0].operators[-1]
    body = model.subgraphs[loop.builtinOptions.bodySubgraphIndex]
    body.outputs = body.inputs


def _huge(model: _Model) -> None:
    for tensor in model.subgraphs[1].tensors:
        if model.buffers[tensor.buffer].data is None:
            tensor.shape = np.array([1 << 12, 1 << 13], dtype=np.int32)


def _other_operator(model: _Model) -> None:
    model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = 32


def _small_constant(model: _Model) -> None:
    weights = max(
        (each for each in model.buffers if each.data is not None), key=lambda b: len(b.data)
    )
    weights.data = weights.data[:16]


_CRAFTED: tuple[Callable[[_Model], None], ...] = (
    _no_outputs, _negative_input, _other_subgraph, _calls_itself, _endless, _huge, _other_operator,
    _small_constant,
)  # fmt: skip


def _crafted(change: Callable[[_Model], None]) -> bytes:
    model = read_model(shipped_programs()["lstm_melody"])
    change(model)
    return write_model(model)


@pytest.mark.parametrize("change", _CRAFTED, ids=lambda change: change.__name__)
def test_a_crafted_program_is_refused(change: Callable[[_Model], None]) -> None:
    with pytest.raises(BundleError, match="not one that this software exports"):
        verify_program(_crafted(change))


def _bundle(path: Path, program: bytes) -> Path:
    write_bundle(
        path, generator_id="stranger", description="", details="", program=program, network=b""
    )
    return path


def test_a_crafted_bundle_is_refused_by_name(tmp_path: Path) -> None:
    path = _bundle(tmp_path / "crafted.mag", _crafted(_negative_input))
    with pytest.raises(BundleError, match=r"crafted\.mag: .*unknown tensor"):
        load_generator(path)


def test_an_unknown_program_that_is_sound_is_loaded_and_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = read_bundle(_bundle(tmp_path / "a.mag", a_program())).metadata
    path = _bundle(tmp_path / "own.mag", with_description(a_program(), {**description, "own": 1}))
    assert load_generator(path).info.id == "stranger"
    monkeypatch.setattr(bundles, "_TRIAL", "raise SystemExit(1)")
    assert load_generator(path).info.id == "stranger"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (f"import os; os.kill(os.getpid(), {int(signal.SIGTERM)})", "crashed the process"),
        ("raise SystemExit(1)", "crashed the process"),
        ("while True: pass", "no bar within 1 seconds"),
    ],
)
def test_a_bundle_that_ends_or_occupies_its_process_is_refused(
    program: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 8,000 changed programs, one passed verification and ended the process that tried it."""
    monkeypatch.setattr(bundles, "_TRIAL", program)
    monkeypatch.setattr(bundles, "BUNDLE_TRIAL_SECONDS", Limit("time", 1, "seconds", ""))
    with pytest.raises(BundleError, match=message):
        bundles.try_bundle(b"", "bad.mag")
