"""The report's sections on listening, speed, learning curves, and how it was measured."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from magenta_bridge.evaluation.report.blocks import (
    Block,
    Chart,
    Mark,
    Picture,
    Row,
    Section,
    Table,
    Text,
)
from magenta_bridge.evaluation.report.comparison import Comparison, Continuation, ModelResult
from magenta_bridge.evaluation.report.labels import counted, mebibytes, number
from magenta_bridge.evaluation.report.likelihood_section import tone_of

_LEARNING: Final = (
    "Training goes to the right, and where the curve of unheard music (validation) no longer "
    "falls, the model had learned what it could."
)
_CONTEST: Final = (
    "Training goes to the right, and the nearer the scores of real and made bars come to each "
    "other, the harder it was for the critic to tell them apart."
)


def listening_section(found: Comparison) -> Section:
    """Returns the same primer, continued by a human and by each model."""
    listening = found.listening
    opening = (
        f"The first {listening.primer} of a held-out piece, {listening.title}, and {listening.length} that "
        f"follow: first as they were written, then as each model goes on, with seed {listening.seed} "
        "and at its own settings. The piece was chosen by its place in the list and its length, "
        "not by ear."
    )
    blocks: list[Block] = [Text(opening)]
    if listening.no_audio_reason:
        blocks.append(Text(f"Nothing can be played here: {listening.no_audio_reason}"))
    blocks += [
        _take(take, human=number == 0) for number, take in enumerate(listening.continuations)
    ]
    return Section("listen", "Listen", blocks)


def speed_section(found: Comparison) -> Section:
    """Returns what the bundles cost whoever plays them."""
    ranked = sorted(found.models, key=lambda each: each.speed.step_us)
    clip = ranked[0].speed.clip
    blocks: list[Block] = [
        Chart(
            title="Time for a step",
            sentence=f"Shorter is faster: millionths of a second that one {found.data.unit} takes, "
            "on one thread of this computer.",
            marks=[
                Mark(
                    each.name,
                    f"{number(each.speed.step_us)} µs",
                    each.speed.step_us,
                    tone=tone_of(found, each),
                )
                for each in ranked
            ],
            unit="microseconds a step",
            bars=True,
        ),
        Table(
            title="Waiting and memory",
            sentence=f"How long {clip} take once the model is loaded, and what memory it asks for "
            "besides the program itself.",
            header=["", f"{clip}, ms", "memory in all", "of it by the model", "file"],
            rows=[_cost(each) for each in ranked],
        ),
        Text(
            "A step is timed as the median of several warm runs, without the drawing of ids, the "
            "least of six rounds; a program that makes whole bars is timed by the bar, over its "
            "sixteen steps. Waiting and memory were taken in a fresh process for each bundle: the "
            "best of five clips, the most memory it held, and how much of that came after its "
            "libraries were loaded. A computer that is busy with other work shows higher times."
        ),
    ]
    return Section("speed", "Speed and memory", blocks)


def curves_section(found: Comparison) -> Section:
    """Returns the learning curves that lie beside the bundles."""
    blocks: list[Block] = [_curve(each) for each in found.models if each.curve is not None]
    bare = [each.name for each in found.models if each.curve is None]
    if bare:
        blocks.append(
            Text(
                "A bundle does not hold its learning curve; training leaves it beside the bundle "
                f"as a picture of the same name. None lies beside {', '.join(bare)}."
            )
        )
    return Section("curves", "Learning curves", blocks)


def method_section(found: Comparison) -> Section:
    """Returns what was measured, on what and with what."""
    data = found.data
    split = (
        f"{counted(data.train, data.noun)} to count and to look for copies in, "
        f"{data.validation:,} to choose the n-gram's order, {data.test:,} held out, of which "
        f"{data.scored:,} could be foretold by all"
    )
    rows = {
        "music": f"{data.name}: {data.files:,} files read, {data.refused:,} unreadable",
        "SHA-256 of the music": data.sha256,
        "dealt out by families of pieces": split,
        "samples of each model": f"{found.samples:,}, seeds 0 to {found.samples - 1:,}, "
        f"{data.length} each",
        "day": found.date,
        **found.versions,
    }
    blocks: list[Block] = [
        Table(
            title="The music and the programs",
            sentence="Whoever has the same music, bundles and versions gets the same figures but "
            "for time and memory.",
            header=["", ""],
            rows=[Row(name, [value]) for name, value in rows.items()],
        ),
        Table(
            title="The bundles",
            sentence="The long number is the fingerprint of the bundle's file, which changes with "
            "any byte of it.",
            header=["", "family", "file", "settings of the samples", "SHA-256"],
            rows=[
                Row(each.name, [each.family, each.file, each.settings or "its own", each.sha256])
                for each in found.models
            ],
        ),
        *(Text(f"{each.name}: {each.description} {each.details}") for each in found.models),
        Text(
            "Sources: overlap and divergence after Yang and Lerch (2020), MusPy's figures after "
            "Dong et al. (2020), MuseGAN's after Dong et al. (2018), groove and entropy after Wu "
            "and Yang (2020), intervals by the bootstrap over pieces with 2,000 resamplings "
            "(Efron and Tibshirani 1993)."
        ),
    ]
    return Section("method", "How it was measured", blocks)


def _take(take: Continuation, *, human: bool) -> Picture:
    title = "As it was written" if human else take.name
    whose = "how it goes on" if human else f"those of {take.name}"
    return Picture(
        title=title,
        sentence=f"Time runs to the right and pitch upwards: grey notes are the primer, "
        f"{'dark' if human else 'colored'} ones {whose}.",
        png=take.png,
        size=take.size,
        alt=f"Piano roll: the primer, then {counted(take.new_notes, 'notes')} by "
        f"{'the composer' if human else take.name}.",
        wav=take.wav,
    )


def _cost(each: ModelResult) -> Row:
    speed = each.speed
    return Row(
        each.name,
        (
            number(speed.clip_s * 1e3),
            mebibytes(speed.resident_bytes),
            mebibytes(speed.grown_bytes),
            f"{each.size_bytes / 2**20:.1f} MB",
        ),
    )


def _curve(each: ModelResult) -> Picture:
    png = each.curve or b""
    with Image.open(io.BytesIO(png)) as picture:
        size = picture.size
    return Picture(
        title=f"{each.name}, as it learned",
        sentence=_CONTEST if each.family == "gan" else _LEARNING,
        png=png,
        size=size,
        alt=f"Learning curve of {each.name}.",
    )
