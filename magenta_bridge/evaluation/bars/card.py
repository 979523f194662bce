"""What the model card of a generator of bars says: likelihood, and how near its music comes."""

from __future__ import annotations

from magenta_bridge.evaluation.bars.report import BarsReport


def bars_section(found: BarsReport) -> str:
    """Returns likelihood and distance to held-out music as Markdown."""
    return "\n".join(["## Held-out figures", "", *_likelihood(found), "", *_distance(found)])


def gain_of(found: BarsReport) -> float:
    """Returns how far below the best n-gram's loss the network's lies, 0..1."""
    return 1.0 - found.network.nats_per_step / found.baseline[1].nats_per_step


def standing_of(found: BarsReport) -> str:
    """Returns where the network stands beside the best n-gram, in words."""
    gain = gain_of(found)
    return f"{abs(gain):.1%} {'below' if gain >= 0 else 'above'} the n-gram"


def _likelihood(found: BarsReport) -> list[str]:
    order, ngram = found.baseline
    rows = {
        f"n-gram with meter and place in the bar, order {order}": ngram,
        "**network, float32**": found.network,
    }
    lines = [
        f"| {name} | {score.nats_per_step:.4f} | {score.accuracy:.2%} |"
        for name, score in rows.items()
    ]
    return [
        f"How well the next of {found.network.steps:,} sixteenth steps (each track's own) is "
        "foretold in pieces that no model has seen, behind the real steps before it. The order "
        "of the n-gram was chosen on the validation pieces.",
        "",
        "| | nats a step | steps foretold |",
        "|---|---|---|",
        *lines,
        "",
        f"The network lies {standing_of(found)}.",
    ]


def _distance(found: BarsReport) -> list[str]:
    rows = {
        "**as served, int8**": found.made,
        **{f"n-gram, order {order}": distance for order, distance in found.ngrams.items()},
        "people: the validation pieces": found.human,
    }
    lines = [f"| {name} | {distance:.4f} |" for name, distance in rows.items()]
    best = min(found.ngrams.values())
    side = "nearer than" if found.made < best else "not nearer than"
    return [
        "How near the music comes that is made from noise alone: the mean Jensen-Shannon "
        "divergence (bits, 0 to 1, lower is nearer) of pitch classes, intervals, onset places, "
        "gaps, notes in a bar and repetition, from those of the held-out pieces, of "
        f"{found.samples} samples of sixteen bars each:",
        "",
        "| | distance |",
        "|---|---|",
        *lines,
        "",
        f"It comes {side} the best n-gram, which was drawn from in the same meters.",
    ]
