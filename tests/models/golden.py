"""The first ids of each included bundle; run this after an intended change of a bundle.

python -m tests.models.golden
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from magenta_bridge.data.dataset import Tune, dataset_for
from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.generators.bundle import Bundle, read_bundle, shipped_bundles
from magenta_bridge.runtime.bar_program import BarProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions

FILE = Path(__file__).with_name("golden.json")
COUNT = 32
_SEED = 7
_FOUR_FOUR = 2


def golden_ids(bundle: Bundle) -> list[int]:
    """Return 32 ids sampled from a bundle's program with a fixed seed, without grammar."""
    if bundle.metadata["family"] == "gan":
        return _of_bars(BarProgram(bundle.program.flatbuffer))
    dataset = dataset_for(str(bundle.metadata["encoding"]))
    nothing = Tune("", "", _FOUR_FOUR, np.zeros(0, dtype=np.int32))
    session, sampler = bundle.program.session(), Sampler(SamplerOptions(), _SEED)
    allowed = np.ones(session.logit_count, dtype=np.bool_)
    ids = [dataset.start_id(nothing)]
    for _ in range(COUNT):
        ids.append(sampler.choose(session.step(ids[-1]), allowed))
    bundle.program.release(session)
    return ids[1:]


def _of_bars(program: BarProgram) -> list[int]:
    """Return the ids of the first track of two bars, generated without primer."""
    rng = np.random.default_rng(_SEED)
    heard = np.full(program.history, pianoroll.PAD, dtype=np.int32)
    drawn: list[int] = []
    while len(drawn) < COUNT:
        noise = rng.standard_normal(program.noise_units).astype(np.float32)
        bar = program.bar(heard, noise, 0).argmax(axis=-1).astype(np.int32)
        heard = np.concatenate([heard[1:], bar[None]])
        drawn.extend(int(value) for value in bar[0])
    return drawn[:COUNT]


def main() -> None:
    """Write the file."""
    found = {path.stem: golden_ids(read_bundle(path)) for path in shipped_bundles()}
    lines = [f"  {json.dumps(name)}: {json.dumps(ids)}" for name, ids in found.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
