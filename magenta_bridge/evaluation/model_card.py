"""The model card: training data, held-out scores, samples, and limitations."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from magenta_bridge.evaluation.copying import PRIMER_BARS, Copying
from magenta_bridge.evaluation.features.base import FeatureSet
from magenta_bridge.evaluation.features.statistics import PercentileRange
from magenta_bridge.evaluation.likelihood import Score
from magenta_bridge.evaluation.sanity_checks import check_music
from magenta_bridge.evaluation.two_sample import TwoSampleTest

_SEAL: Final = "<!-- written by Magenta Bridge; SHA-256 of the text above: "


@dataclass(frozen=True)
class Likelihood:
    """Scores of a bundle on held-out pieces.

    Attributes:
        baselines: Scores of the n-grams, by name.
        program: Score of the program that is served.
        unit: What a step is, e.g. ``sixteenth step``.
        network: Score of the float network; None where it was not at hand.
        weights: What the program's weights are, e.g. ``int8``.
    """

    baselines: Mapping[str, Score]
    program: Score
    unit: str
    network: Score | None = None
    weights: str = "int8"

    @property
    def best_baseline(self) -> Score:
        """The baseline with the lowest held-out loss."""
        return min(self.baselines.values(), key=lambda score: score.nats_per_step)

    @property
    def gain(self) -> float:
        """Relative reduction of the NLL below the best baseline's."""
        return 1.0 - self.program.nats_per_step / self.best_baseline.nats_per_step

    @property
    def comparison(self) -> str:
        """Difference from the best baseline's NLL, in words."""
        side = "below" if self.gain >= 0 else "above"
        return f"{abs(self.gain):.1%} {side} the best n-gram"

    @property
    def drift(self) -> float:
        """Relative change of the held-out NLL by quantization; 0 without a network."""
        if self.network is None:
            return 0.0
        return self.program.nats_per_step / self.network.nats_per_step - 1.0


@dataclass(frozen=True)
class Music:
    """What generated music is like beside human music.

    Attributes:
        features: What was looked at.
        human: Features of held-out pieces.
        machine: Features of generated ones.
        copying: How often a continuation is the primer again; None where that has no sense.
        samples: How many were generated.
        settings: The generator's settings they were drawn at, in words.
        two_sample: The two-sample test; None where there are too few pieces for it.
    """

    features: FeatureSet
    human: Mapping[str, PercentileRange]
    machine: Mapping[str, PercentileRange]
    copying: Copying | None
    samples: int
    settings: str
    two_sample: TwoSampleTest | None = None


@dataclass(frozen=True)
class Card:
    """Everything a card states.

    Attributes:
        bundle: Id, description, family, encoding.
        data: Name, origin, license, SHA-256 and counts of the music.
        training: The recipe's training and network tables, epochs and updates done.
        command: The command that makes the bundle again.
        figures: Sections that say how good it is, as Markdown; see ``likelihood_section``.
        limits: Limitations, one paragraph.
    """

    bundle: Mapping[str, str]
    data: Mapping[str, str]
    training: Mapping[str, Any]
    command: str
    figures: Sequence[str]
    limits: str


def write_card(card: Card) -> str:
    """Return the card as Markdown."""
    parts = [
        f"# {card.bundle['id']}\n\n{card.bundle['description']}",
        table_section(
            "Model", {"family": card.bundle["family"], "encoding": card.bundle["encoding"]}
        ),
        table_section("Data", card.data),
        table_section("Training", card.training),
        f"Command:\n\n```\n{card.command}\n```\n\n![learning curve]({card.bundle['id']}.png)",
        *card.figures,
        f"## Limitations\n\n{card.limits}",
    ]
    text = "\n\n".join(parts) + "\n"
    return f"{text}\n{_SEAL}{_digest(text)} -->\n"


def is_card(path: Path) -> bool:
    """Return whether a file is a card of ``write_card`` that was not changed since."""
    try:
        text, sealed, digest = path.read_text(encoding="utf-8").rpartition(f"\n{_SEAL}")
    except (OSError, ValueError):
        return False
    return bool(sealed) and digest == f"{_digest(text)} -->\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def table_section(title: str, rows: Mapping[str, Any]) -> str:
    """Return a table of names and values under a heading."""
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *lines])


def likelihood_section(found: Likelihood) -> str:
    """Return the scores of baselines, network and program on held-out pieces."""
    rows = dict(found.baselines)
    if found.network is not None:
        rows["network, float32"] = found.network
    rows[f"**program as served, {found.weights}**"] = found.program
    lines = [
        f"| {name} | {score.nats_per_step:.4f} | {score.accuracy:.2%} |"
        for name, score in rows.items()
    ]
    drift = f" Its {found.weights} weights change the network's NLL by {found.drift:+.3%}."
    return "\n".join([
        "## Held-out scores",
        "",
        f"Means over the same {found.program.steps:,} {found.unit}s of held-out pieces. The order "
        "of each n-gram was selected on the validation pieces.",
        "",
        f"| | NLL, nats per {found.unit} | accuracy |",
        "|---|---|---|",
        *lines,
        "",
        f"The NLL of the program is {found.comparison}."
        f"{drift if found.network is not None else ''}",
    ])  # fmt: skip


def music_section(found: Music) -> str:
    """Return the features of generated music beside human music, and the checks."""
    features = found.features
    lines = [
        f"| {label} | {_show(found.human[name])} | {_show(found.machine[name])} |"
        for name, label in features.labels.items()
    ]
    checks = [
        f"| {check.name} | {check.found} | {'yes' if check.passed else '**no**'} |"
        for check in check_music(features, found.human, found.machine)
    ]
    return "\n".join([
        "## Samples",
        "",
        f"The first {features.length} of the held-out {features.noun}, and {found.samples} samples "
        f"of the same length, generated from nothing with default arguments ({found.settings}) and "
        f"seeds 0 to {found.samples - 1}, in the meters of the held-out pieces. Mean, and 5th to "
        "95th percentile in parentheses.",
        "",
        f"| | held-out {features.noun} | generated |",
        "|---|---|---|",
        *lines,
        "",
        "| check | found | passed |",
        "|---|---|---|",
        *checks,
        *_copying_lines(found),
        *(["", str(found.two_sample)] if found.two_sample else []),
    ])  # fmt: skip


def _copying_lines(found: Music) -> list[str]:
    copying = found.copying
    if copying is None or not copying.primers:
        return []
    return [
        "",
        f"Of {copying.primers} continuations of the first {PRIMER_BARS} bars of held-out "
        f"{found.features.noun}, {copying.generated:.0%} repeat the primer (nine of ten steps are "
        f"the same); of the composers' own continuations {copying.human:.0%} do.",
    ]


def _show(spread: PercentileRange) -> str:
    return f"{spread.mean:.2f} ({spread.low:.2f} to {spread.high:.2f})"
