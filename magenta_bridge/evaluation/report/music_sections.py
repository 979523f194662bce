"""The report's sections on what the models' own music is like."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from magenta_bridge.evaluation.report.blocks import Block, Chart, Mark, Row, Section, Table, Text
from magenta_bridge.evaluation.report.comparison import Comparison
from magenta_bridge.evaluation.report.labels import (
    MGEVAL,
    MUSEGAN,
    MUSPY,
    NOTHING,
    STRUCTURE,
    counted,
    number,
)
from magenta_bridge.evaluation.report.likelihood_section import HUMAN_TONE
from magenta_bridge.evaluation.report.music_metrics import MusicFigures


def distance_section(found: Comparison) -> Section:
    """Returns how near the models' music comes to held-out human music."""
    noun = found.data.noun
    blocks: list[Block] = [
        Text(
            f"Each model made {counted(found.samples, 'samples')} from nothing, of "
            f"{found.data.length} each, and they are held against the beginnings of "
            f"{counted(found.held_out.pieces, 'held-out ' + noun)}. Beside them stand "
            f"{counted(found.human.pieces, 'other human ' + noun)}: nobody can be asked to come "
            "nearer than people do. All were moved to the key without signs that fits them best, "
            "so that the choice of a key does not count."
        )
    ]
    if found.human.near:
        blocks += [_overlaps(found), _by_feature(found), _divergences(found)]
    else:
        blocks.append(
            Text("So few held-out pieces are no set to measure distances to; add more music.")
        )
    tables = [
        _means(
            found,
            "MusPy's figures",
            "Means over all pieces, in brackets how far off that of held-out people they are, the "
            "nearest marked.",
            MUSPY,
            lambda music: music.scalars,
        ),
        _means(
            found,
            "MuseGAN's figures",
            "The same for what MuseGAN's authors looked at, where near to people is good and "
            "neither high nor low is by itself.",
            MUSEGAN,
            lambda music: music.musegan,
        ),
    ]
    blocks += [table for table in tables if table.rows]
    return Section("nearness", "Nearness to human music", blocks)


def structure_section(found: Comparison) -> Section:
    """Returns repetition and structure."""
    opening = (
        "Tunes return to what they said. Too little of that sounds aimless, too much sounds stuck; "
        "what people do is the measure."
    )
    if found.data.encoding == "performance":
        opening += " Music without bars was cut every two seconds instead."
    table = _means(
        found,
        "Repetition and structure",
        "Means over all pieces (a likeness of 1 is the same, 0 nothing in common), in brackets how "
        "far off that of held-out people they are, the nearest marked.",
        STRUCTURE,
        lambda music: music.structure,
    )
    blocks: list[Block] = [Text(opening)]
    if table.rows:
        blocks.append(table)
    else:
        blocks.append(Text("There are too few held-out pieces of some length to measure that."))
    return Section("structure", "Repetition and structure", blocks)


def originality_section(found: Comparison) -> Section:
    """Returns how long the runs are that stand in the training side as well."""
    opening = (
        f"The longest run of notes that a sample shares with any of the "
        f"{counted(found.data.train, found.data.noun)} on the training side of "
        f"“{found.data.name}”, in whatever key: the same intervals in the same rhythm. Unheard "
        "human pieces share runs with them as well, since formulas belong to everybody."
    )
    strangers = [each.name for each in found.models if each.trained_on is False]
    blocks: list[Block] = [Text(opening)]
    if strangers:
        blocks.append(
            Text(
                "A model that never heard this music cannot have copied from it; its runs here are "
                "formulas that both happen to use."
            )
        )
    everyone = [*_everyone(found), ("held-out people", found.held_out, HUMAN_TONE)]
    blocks.append(
        Chart(
            title="Longest run that stands in the training music",
            sentence="The bar is the longest run of notes in the usual sample (half have a longer "
            "one), and a model whose bar is much longer than that of people copies.",
            marks=[
                Mark(name, f"{music.usual:g} notes", music.usual, tone=tone)
                for name, music, tone in everyone
            ],
            unit="notes, median",
            bars=True,
        )
    )
    blocks.append(
        Table(
            title="How long the runs are",
            sentence="Of all samples, the usual one, one in ten, and the one that shares most.",
            header=["", "median", "nine in ten stay under", "longest of all"],
            rows=[
                Row(name, (f"{music.usual:g}", f"{_ninth(music):g}", f"{music.longest}"))
                for name, music, _ in everyone
            ],
        )
    )
    return Section("originality", "Originality", blocks)


def _ninth(music: MusicFigures) -> float:
    ranked = sorted(run.notes for run in music.runs)
    return float(ranked[math.ceil(0.9 * len(ranked)) - 1]) if ranked else 0.0


def _everyone(found: Comparison) -> list[tuple[str, MusicFigures, int]]:
    return [(each.name, each.music, tone) for tone, each in enumerate(found.models)]


def _overlaps(found: Comparison) -> Chart:
    ranked = sorted(_everyone(found), key=lambda item: -item[1].overlap)
    marks = [
        Mark(name, f"{music.overlap:.2f}", music.overlap, tone=tone)
        for name, music, tone in [*ranked, ("other people", found.human, HUMAN_TONE)]
    ]
    return Chart(
        title="How much of its character the music shares with human music",
        sentence="Longer is nearer: 1 would be music that differs from held-out pieces just as "
        "they differ from each other, and the bar of other people is the ceiling.",
        marks=marks,
        unit=f"overlap, mean of {len(found.human.near)} features",
        bars=True,
    )


def _by_feature(found: Comparison) -> Table:
    return Table(
        title="The same, feature by feature",
        sentence="Overlap in each feature, from 0 (nothing in common) to 1 (the same), "
        "the nearest model marked.",
        header=["", *_names(found), "other people"],
        rows=[
            _row(words, [music.near[name].overlap for _, music, _ in _everyone(found)],
                 found.human.near[name].overlap, max)
            for name, words in _features(found).items()
        ],
    )  # fmt: skip


def _divergences(found: Comparison) -> Table:
    return Table(
        title="The same as divergence",
        sentence="Kullback-Leibler divergence in nats, where 0 is the same and more is further "
        "away, the nearest model marked.",
        header=["", *_names(found), "other people"],
        rows=[
            _row(words, [music.near[name].kl for _, music, _ in _everyone(found)],
                 found.human.near[name].kl, min)
            for name, words in _features(found).items()
        ],
    )  # fmt: skip


def _features(found: Comparison) -> dict[str, str]:
    return {name: words for name, words in MGEVAL.items() if name in found.human.near}


def _names(found: Comparison) -> list[str]:
    return [each.name for each in found.models]


def _row(
    words: str, values: Sequence[float], human: float, best: Callable[[Sequence[float]], float]
) -> Row:
    likelihood = [number(value) for value in values]
    marked = _alike(likelihood, values.index(best(values)))
    return Row(words, [*likelihood, number(human)], marked)


def _means(
    found: Comparison,
    title: str,
    sentence: str,
    labels: Mapping[str, str],
    figures: Callable[[MusicFigures], Mapping[str, float]],
) -> Table:
    goal, others = figures(found.held_out), figures(found.human)
    rows = []
    for name, words in labels.items():
        values = [figures(each.music)[name] for each in found.models]
        if math.isnan(goal[name]) or {*values, others[name]} == {goal[name]}:
            continue  # there is nothing to tell, or everybody does the same
        apart = [abs(value - goal[name]) for value in values]
        likelihood = [
            f"{number(value)} ({number(gap)} off)" if not math.isnan(value) else NOTHING
            for value, gap in zip(values, apart, strict=True)
        ]
        human = [number(goal[name]), number(others[name])]
        rows.append(Row(words, [*likelihood, *human], _least(likelihood, apart)))
    return Table(
        title=title,
        sentence=sentence,
        header=["", *_names(found), "held-out people", "other people"],
        rows=rows,
    )


def _least(likelihood: Sequence[str], values: Sequence[float]) -> frozenset[int]:
    numbers = [value for value in values if not math.isnan(value)]
    return _alike(likelihood, values.index(min(numbers))) if len(numbers) > 1 else frozenset()


def _alike(likelihood: Sequence[str], best: int) -> frozenset[int]:
    """Returns the cells that read as the best one does; none where all of them do."""
    if len(set(likelihood)) == 1:
        return frozenset()
    return frozenset(place for place, text in enumerate(likelihood) if text == likelihood[best])
