"""The work behind ``magenta-bridge compare``."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from magenta_bridge.cli.progress.corpus_counter import count_files
from magenta_bridge.data.corpus import CorpusReport
from magenta_bridge.data.dataset import Dataset, Tune, dataset_for
from magenta_bridge.errors import TrainingError
from magenta_bridge.evaluation.features.base import Idiom
from magenta_bridge.evaluation.features.registry import idiom_of
from magenta_bridge.evaluation.likelihood import Piece, StepLikelihoods
from magenta_bridge.evaluation.ngram import score_baselines
from magenta_bridge.evaluation.report.comparison import (
    Comparison,
    Data,
    Listening,
    ModelResult,
    Speed,
)
from magenta_bridge.evaluation.report.latency import speeds_of
from magenta_bridge.evaluation.report.listening import choose_passage, listen
from magenta_bridge.evaluation.report.music_metrics import MusicFigures
from magenta_bridge.evaluation.report.paired_likelihood import Told, align_steps
from magenta_bridge.evaluation.report.report import figures_of, page_of
from magenta_bridge.evaluation.report.sample_sets import MusicSets
from magenta_bridge.files import save_bytes
from magenta_bridge.lab.compare_entry import (
    Entry,
    check_output,
    check_parts,
    read_entries,
    versions,
)
from magenta_bridge.lab.compare_split import SharedSplit, shared_split
from magenta_bridge.lab.evaluate import score_examples
from magenta_bridge.lab.held_out import encode_examples
from magenta_bridge.lab.model_card import settings_of

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Table:
    """The pieces on the table: what everything is measured on."""

    dataset: Dataset
    idiom: Idiom
    ground: SharedSplit

    @property
    def test(self) -> list[Tune]:
        return self.ground.split.test

    def fed(self, tunes: Sequence[Tune]) -> list[Piece]:
        return encode_examples(self.dataset, tunes)


def run_comparison(
    names: Sequence[str], data: Path, output: Path, samples: int, say: Say
) -> dict[str, Any]:
    """Compares bundles and writes the page.

    Args:
        names: The bundles' files, or ids of shipped ones.
        data: The music.
        output: The page.
        samples: Pieces to draw from each.
        say: Told in words what goes on.

    Returns:
        All figures.

    Raises:
        MagentaBridgeError: Bundles or music cannot be used, or the page cannot be written.
    """
    check_parts()
    check_output(output)
    entries = read_entries(names)
    say(f"Reading {data} ...")
    with count_files() as report:
        ground = shared_split([each.bundle for each in entries], data, report)
    encoding = str(entries[0].bundle.traits["encoding"])
    table = _Table(dataset_for(encoding), idiom_of(encoding), ground)
    kept, told, floors = _likelihoods(entries, table, data, say)
    music = _music(entries, table, samples, say)
    say("Timing each ...")
    costs = speeds_of({each.name: (each.bundle, each.path) for each in entries}, encoding)
    say("Playing each ...")
    found = Comparison(
        data=_data(data, report, table, music.length, len(kept)),
        contenders=[
            _contender(each, heard, told[each.name], music.made[each.name], costs[each.name])
            for each, heard in zip(entries, ground.heard, strict=True)
        ],
        floors=floors,
        held_out=music.held_out,
        people=music.people,
        listening=_listening(entries, table, [table.test[index] for index in kept]),
        samples=samples,
        versions=versions(),
        date=datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
    )
    save_bytes(output, page_of(found).encode())
    return figures_of(found)


def _likelihoods(
    entries: Sequence[Entry], table: _Table, data: Path, say: Say
) -> tuple[list[int], dict[str, Told], dict[str, Told]]:
    """Returns which held-out pieces all could foretell, and the sums of bundles and n-grams."""
    foretold: dict[str, Sequence[StepLikelihoods | None]] = {}
    for each in entries:
        say(f"Scoring {each.name} on held-out {table.dataset.noun}: {len(table.test):,} ...")
        foretold[each.name] = score_examples(each.bundle, table.test)
    say("Counting n-grams ...")
    split = table.ground.split
    floors = score_baselines(
        table.fed(split.train), table.fed(split.validation), table.fed(split.test), table.dataset
    )
    kept, told = align_steps(
        {**foretold, **floors}, [tune.ids for tune in table.test], table.idiom.begun
    )
    if not kept:
        raise TrainingError(
            f"None of the {len(table.test)} held-out {table.dataset.noun} of {data} can be "
            "foretold by all of these bundles (adversarial ones need bars of 12 or 16 "
            "sixteenths); add more music."
        )
    return (
        kept,
        {name: told[name] for name in foretold},
        {name: told[name] for name in floors},
    )


@dataclass(frozen=True)
class _Music:
    length: str
    held_out: MusicFigures
    people: MusicFigures
    made: Mapping[str, MusicFigures]


def _music(entries: Sequence[Entry], table: _Table, samples: int, say: Say) -> _Music:
    split = table.ground.split
    pieces = table.fed(split.test)
    sets = MusicSets(
        table.idiom,
        held_out=pieces,
        others=table.fed([*split.validation, *split.train]),
        learned=table.fed(split.train),
        most=samples,
    )
    made = {}
    for each in entries:
        say(f"Drawing {samples:,} samples of {each.name} ...")
        made[each.name] = sets.measure(table.idiom.drawn(each.generator, pieces, samples))
    return _Music(sets.length, sets.held_out, sets.people, made)


def _contender(
    each: Entry, heard: bool | None, told: Told, music: MusicFigures, speed: Speed
) -> ModelResult:
    return ModelResult(
        name=each.name,
        family=str(each.bundle.traits["family"]),
        description=each.bundle.description,
        details=each.bundle.details,
        file=each.path.name,
        sha256=each.sha256,
        size_bytes=each.path.stat().st_size,
        heard=heard,
        settings=settings_of(each.generator),
        told=told,
        music=music,
        speed=speed,
        curve=each.curve,
    )


def _data(data: Path, report: CorpusReport, table: _Table, length: str, scored: int) -> Data:
    split = table.ground.split
    return Data(
        name=data.resolve().name,
        files=report.read,
        refused=len(report.refused),
        noun=table.dataset.noun,
        unit=table.dataset.unit,
        encoding=table.dataset.encoding,
        train=len(split.train),
        validation=len(split.validation),
        test=len(split.test),
        scored=scored,
        length=length,
        sha256=table.ground.sha256,
    )


def _listening(entries: Sequence[Entry], table: _Table, tunes: Sequence[Tune]) -> Listening:
    whole = [table.idiom.whole(piece) for piece in table.fed(tunes)]
    index, passage = choose_passage(whole, table.dataset.encoding)
    chosen = tunes[index]
    title = f"“{chosen.title}”" if chosen.title else Path(chosen.name.partition("#")[0]).name
    return listen(
        title,
        passage,
        table.dataset.encoding,
        {each.name: each.generator for each in entries},
    )
