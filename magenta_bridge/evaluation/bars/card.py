"""The model card's section on likelihood and distance of an adversarial generator."""

from __future__ import annotations

from magenta_bridge.evaluation.bars.report import BarsReport


def bars_section(found: BarsReport) -> str:
    """Return likelihood and distance to held-out music as Markdown."""
    return "\n".join(["## Held-out scores", "", *_likelihood(found), "", *_distance(found)])


def gain_of(found: BarsReport) -> float:
    """Return the relative reduction of the NLL below the best n-gram's."""
    return 1.0 - found.network.nats_per_step / found.baseline[1].nats_per_step


def comparison_of(found: BarsReport) -> str:
    """Return the difference from the best n-gram's NLL in words."""
    gain = gain_of(found)
    return f"{abs(gain):.1%} {'below' if gain >= 0 else 'above'} the n-gram"


def _likelihood(found: BarsReport) -> list[str]:
    order, ngram = found.baseline
    rows = {
        f"n-gram with meter and position in the bar, order {order}": ngram,
        "**network, float32**": found.network,
    }
    lines = [
        f"| {name} | {score.nats_per_step:.4f} | {score.accuracy:.2%} |"
        for name, score in rows.items()
    ]
    return [
        f"NLL of {found.network.steps:,} sixteenth steps (counted for each track) of held-out "
        "pieces, each given the real steps before it. The order of the n-gram was selected on "
        "the validation pieces.",
        "",
        "| | NLL, nats per step | accuracy |",
        "|---|---|---|",
        *lines,
        "",
        f"The NLL of the network is {comparison_of(found)}.",
    ]


def _distance(found: BarsReport) -> list[str]:
    rows = {
        "**as served, int8**": found.made,
        **{f"n-gram, order {order}": distance for order, distance in found.ngrams.items()},
        "human music: the validation pieces": found.human,
    }
    lines = [f"| {name} | {distance:.4f} |" for name, distance in rows.items()]
    best = min(found.ngrams.values())
    side = "closer to" if found.made < best else "not closer to"
    return [
        "Distance of music generated from nothing: the mean Jensen-Shannon divergence (bits, 0 to "
        "1, lower is closer) of pitch classes, intervals, onset positions, gaps, notes per bar, "
        f"and repetition from those of the held-out pieces, for {found.samples} samples of "
        "sixteen bars each:",
        "",
        "| | distance |",
        "|---|---|",
        *lines,
        "",
        f"It is {side} human music than the best n-gram, sampled in the same meters.",
    ]
