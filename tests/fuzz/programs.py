"""Damaged programs: bytes changed, and valid flatbuffers with changed fields."""

from __future__ import annotations

import copy
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from magenta_bridge.errors import BundleError, MagentaBridgeError
from magenta_bridge.runtime.bar_program import BarProgram
from magenta_bridge.runtime.flatbuffer import read_model, write_model
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.verification import verify_program
from tests.runtime.programs import bar_programs, shipped_programs

_Part = Any  # an object of the schema, or one of its fields
_NUMBERS = (-(2**31), -2, -1, 0, 1, 2, 3, 7, 64, 127, 255, 1_000, 65_536, 2**31 - 1)


def damaged(program: bytes, noise: random.Random, count: int) -> Iterator[bytes]:
    """Yield changed copies of a program."""
    model = read_model(program)
    for _ in range(count):
        yield (
            _changed_fields(model, noise)
            if noise.random() < 0.7
            else _changed_bytes(program, noise)
        )


def _changed_bytes(program: bytes, noise: random.Random) -> bytes:
    copied = bytearray(program)
    for _ in range(noise.randint(1, 8)):
        copied[noise.randrange(len(copied))] = noise.randrange(256)
    return bytes(copied)


def _changed_fields(model: _Part, noise: random.Random) -> bytes:
    """Change one to three fields; numbers that their type cannot hold are made again."""
    while True:
        # The content of buffers is large, and replaced as a whole when it is changed.
        memo: dict[int, Any] = {id(buffer): copy.copy(buffer) for buffer in model.buffers}
        copied = copy.deepcopy(model, memo)
        for _ in range(noise.randint(1, 3)):
            _change(copied, noise)
        try:
            return write_model(copied)
        except Exception:  # noqa: BLE001, S112 - the writer refuses some values
            continue


def _change(part: _Part, noise: random.Random) -> None:
    """Walk from a part to a random field below it, and change that."""
    names = [name for name, value in vars(part).items() if value is not None]
    if not names:
        return
    name = noise.choice(names)
    value = getattr(part, name)
    if _is_part(value):
        if noise.random() < 0.05:
            setattr(part, name, None)
        else:
            _change(value, noise)
    elif isinstance(value, list) and value and _is_part(value[0]):
        if noise.random() < 0.1:
            _change_list(value, noise)
        else:
            _change(noise.choice(value), noise)
    elif isinstance(value, np.ndarray | list):
        setattr(part, name, _changed_vector(list(value[:4_096]), noise, value))
    elif isinstance(value, bool):
        setattr(part, name, not value)
    elif isinstance(value, int | np.integer):
        setattr(part, name, noise.choice((*_NUMBERS, int(value) + 1, int(value) - 1)))


def _is_part(value: _Part) -> bool:
    return type(value).__name__.endswith("T") and hasattr(value, "Pack")


def _change_list(values: list[Any], noise: random.Random) -> None:
    first, second = noise.randrange(len(values)), noise.randrange(len(values))
    kind = noise.randrange(3)
    if kind == 0:
        values[first], values[second] = values[second], values[first]
    elif kind == 1:
        values[first] = values[second]
    else:
        del values[first]


def _changed_vector(values: list[Any], noise: random.Random, former: _Part) -> _Part:
    if not values or noise.random() < 0.2:
        values.append(noise.choice(_NUMBERS))
    elif noise.random() < 0.2:
        values.pop(noise.randrange(len(values)))
    else:
        values[noise.randrange(len(values))] = noise.choice((*_NUMBERS, noise.randrange(64)))
    if isinstance(former, np.ndarray):
        return np.array(values).astype(former.dtype)
    return values


def _run(program: bytes, makes_bars: bool) -> str:
    """Run a verified program in a fork of this process; return how that ended."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            if makes_bars:
                BarProgram(program)
            else:
                opened = StepProgram(program)
                opened.session()
                if opened.loops:
                    opened.loop_session()
        except MagentaBridgeError:
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return "run" if os.WEXITSTATUS(status) == 0 else "failed"


def main(name: str, seed: int, count: int) -> None:
    """Print how many damaged copies of a shipped program were refused, run, or crashed, as JSON."""
    bars = bar_programs()
    program = {**shipped_programs(), **bars}[name]
    ends: Counter[str] = Counter()
    for changed in damaged(program, random.Random(seed), count):  # noqa: S311
        try:
            verify_program(changed)
        except BundleError:
            ends["refused"] += 1
        else:
            ends["unchanged" if changed == program else _run(changed, name in bars)] += 1
    sys.stdout.write(json.dumps(ends))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
