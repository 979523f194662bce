"""The model card: what a bundle learned from, how well, and what its music is like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from magenta_bridge.evaluation.continuations import PRIMER_BARS, Copying
from magenta_bridge.evaluation.features import Spread
from magenta_bridge.evaluation.score import Score

_FEATURE_NAMES: Final = {
    "notes_per_bar": "notes in a bar",
    "pitch_range": "range, semitones",
    "scale_consistency": "share of notes in one major scale",
    "mean_interval": "mean step between notes, semitones",
    "longest_repeat": "longest run on one pitch, notes",
    "repeated_bars": "share of bars heard before",
    "stuck": "stuck: last half on one pitch",
    "silent": "silent",
}


@dataclass(frozen=True)
class Card:
    """Everything a card states.

    Attributes:
        bundle: Id, description, family, encoding.
        data: Name, origin, licence, SHA-256 and counts of the music.
        training: The recipe's training and network tables, epochs and updates done.
        baselines: Held-out scores of the n-grams, by name.
        network: Held-out score of the float network.
        program: Held-out score of the int8 program that is served.
        human: Features of held-out pieces.
        machine: Features of generated ones.
        copying: How often a continuation is the primer again.
        samples: How many were generated.
        settings: The generator's settings they were drawn at, in words.
        command: The command that makes the bundle again.
    """

    bundle: Mapping[str, str]
    data: Mapping[str, str]
    training: Mapping[str, Any]
    baselines: Mapping[str, Score]
    network: Score
    program: Score
    human: Mapping[str, Spread]
    machine: Mapping[str, Spread]
    copying: Copying
    samples: int
    settings: str
    command: str

    @property
    def best_baseline(self) -> Score:
        """The baseline with the lowest held-out loss."""
        return min(self.baselines.values(), key=lambda score: score.nats_per_step)

    @property
    def gain(self) -> float:
        """How far below the best baseline the served program's loss lies, 0..1."""
        return 1.0 - self.program.nats_per_step / self.best_baseline.nats_per_step

    @property
    def drift(self) -> float:
        """Relative change of the held-out loss by the int8 weights."""
        return self.program.nats_per_step / self.network.nats_per_step - 1.0


def write_card(card: Card) -> str:
    """Returns the card as Markdown."""
    parts = [
        f"# {card.bundle['id']}\n\n{card.bundle['description']}",
        _table("Model", {"family": card.bundle["family"], "encoding": card.bundle["encoding"]}),
        _table("Data", card.data),
        _table("Training", card.training),
        f"Made by:\n\n```\n{card.command}\n```\n\n![loss curve](lstm_melody.png)".replace(
            "lstm_melody.png", f"{card.bundle['id']}.png"
        ),
        _figures(card),
        _features(card),
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _table(title: str, rows: Mapping[str, Any]) -> str:
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *lines])


def _figures(card: Card) -> str:
    rows = {
        **card.baselines,
        "network, float32": card.network,
        "**program as served, int8**": card.program,
    }
    lines = [
        f"| {name} | {score.nats_per_step:.4f} | {score.accuracy:.2%} |"
        for name, score in rows.items()
    ]
    return "\n".join([
        "## Held-out figures",
        "",
        f"All on the same {card.program.steps:,} sixteenth steps of tune families that no model "
        "has seen, in one run; a step that only continues a note counts as one. The order of each "
        "n-gram was chosen on the validation tunes.",
        "",
        "| | nats a step | steps foretold |",
        "|---|---|---|",
        *lines,
        "",
        f"The program lies {card.gain:.1%} below the best n-gram. Its int8 weights change the "
        f"network's loss by {card.drift:+.3%}.",
    ])  # fmt: skip


def _features(card: Card) -> str:
    lines = [
        f"| {label} | {_show(card.human[name])} | {_show(card.machine[name])} |"
        for name, label in _FEATURE_NAMES.items()
    ]
    return "\n".join([
        "## Is it music?",
        "",
        f"The first sixteen bars of the held-out tunes beside {card.samples} melodies of sixteen "
        f"bars generated from nothing at the generator's own settings ({card.settings}), seeds "
        f"0 to {card.samples - 1}, in the held-out tunes' meters. Mean, and in brackets the "
        "middle 90 %.",
        "",
        "| | held-out tunes | generated |",
        "|---|---|---|",
        *lines,
        "",
        f"Of {card.copying.primers} continuations of the first {PRIMER_BARS} bars of held-out "
        f"tunes by as many, {card.copying.generated:.0%} play the primer again (nine in ten steps "
        f"the same); of the tunes' own continuations {card.copying.human:.0%} do.",
    ])  # fmt: skip


def _show(spread: Spread) -> str:
    return f"{spread.mean:.2f} ({spread.low:.2f} to {spread.high:.2f})"


_LIMITS: Final = """## What it does not do

One line at a time, on a grid of sixteenths: no chords, no triplets, no swing, one loudness. It
knows 2/4, 3/4, 4/4 (and 2/2 as 4/4), 3/8, 6/8, 9/8, 12/8 and 6/4; other meters are played on the
bar lines of the nearest of these. Primers outside its range are moved by octaves and back. The
music it learned from decides its taste."""
