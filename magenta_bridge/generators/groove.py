"""The generator of drum grooves with learned velocities and timing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.description import Notice
from magenta_bridge.encodings import groove
from magenta_bridge.encodings.drums import CLASSES
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.bundle_generator import (
    Request,
    density_argument,
    sampling_arguments,
)
from magenta_bridge.generators.drums import (
    DRUM_INSTRUMENT,
    READ_AS_DRUMS,
    known_drums,
    read_drums,
)
from magenta_bridge.generators.guard import Guard, GuardedIds, gap_steps
from magenta_bridge.generators.note_writer import NoteWriter
from magenta_bridge.generators.notices import primer_notices
from magenta_bridge.generators.primer import Section, bar_of, input_notes_before, prepend
from magenta_bridge.generators.sampling import Choice, Grammar
from magenta_bridge.generators.step_generator import StepGenerator, sampler_of, seed_of
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.loop import Automaton

ARGUMENTS: Final = sampling_arguments(
    groove.EVENT_IDS, density_argument("hits"), READ_AS_DRUMS, top_p=0.99
)
_ROUNDING: Final = 1e-6
# The network remembers 256 hits; 32 bars of the densest grooves have more than twice as many.
_MOST_BARS: Final = 32
_KINDS: Final = groove.KINDS[: groove.EVENT_IDS]
_KIND_FLOOR: Final = 1.0
# A shift of this length, a sixteenth, is as likely at any density.
_NEUTRAL_TICKS: Final = groove.TICKS_PER_STEP
# A hit sounds at most so much earlier than its tick.
_EARLIEST_TICKS: Final = groove.OFFSETS / 2 / groove.OFFSETS_PER_TICK
_IS_HIT: Final = np.arange(groove.EVENT_IDS) < groove.SHIFT
_TIMEKEEPERS: Final = [
    index for index, kind in enumerate(CLASSES) if kind.name.endswith(("hi-hat", "ride"))
]
# A ride or hi-hat may go on for as long as a piece does.
_ENDLESS: Final = 2**30
_GUARDED: Final = GuardedIds(
    onsets=np.where(_IS_HIT, _KINDS, -1).astype(np.int32),
    steps=groove.LENGTHS,
    waits=np.zeros(groove.EVENT_IDS, dtype=np.bool_),
    run=_ENDLESS,
    loop=_ENDLESS,
    share=_ENDLESS,
)


@dataclass(frozen=True)
class _Context:
    """What comes before a section.

    Attributes:
        ids: The primer's ids.
        gap: Ticks from their end to the section; 0 from nothing.
        instrument: Instrument of the drums.
    """

    ids: NDArray[np.int32]
    gap: int
    instrument: int


class GrooveWriter(NoteWriter):
    """Writes hits with their own velocities and timing.

    Velocity and time are drawn evenly from what an id stands for, so that hits are as uneven as a
    player's. A hit lasts a sixteenth, until the next hit of its drum, or until the section's end.

    Args:
        music: The primer; tempo and signatures are taken from it.
        section: The section to generate.
        voice: A note without pitch and times, copied for every note.
        gap: Ticks from the end of the primer's ids to the section.
        seed: Seed of what is drawn.
    """

    def __init__(
        self,
        music: NoteSequence,
        section: Section,
        voice: NoteSequence.Note,
        *,
        gap: int,
        seed: int,
    ) -> None:
        super().__init__(music, section, voice)
        self._step = -gap
        self._rng = np.random.default_rng(seed)

    @property
    def _now(self) -> float:
        """The earliest time at which a later hit may sound."""
        return self._seconds(self._step - _EARLIEST_TICKS)

    def _seconds(self, ticks: float) -> float:
        if ticks <= 0:
            return self._section.start
        quarters = self._section.origin_quarters + ticks / groove.TICKS_PER_QUARTER
        return min(float(self._section.tempo.seconds(quarters)), self._section.end)

    def add(self, ids: Sequence[int]) -> None:
        """Read the next event ids."""
        for value in ids:
            for hit in groove.decode([value], tick=self._step):
                self._strike(hit)
            self._step += int(groove.LENGTHS[value])
            for pitch, note in list(self._sounding.items()):
                if note.end_time <= self._now:
                    self._end(pitch)

    def _strike(self, hit: groove.Hit) -> None:
        place = hit.tick + (hit.offset + self._rng.uniform(-0.5, 0.5)) / groove.OFFSETS_PER_TICK
        softest, loudest = groove.velocities(hit.velocity)
        velocity = int(self._rng.integers(softest, loudest + 1))
        start = self._seconds(place)
        if start >= self._section.end:
            start, place = self._seconds(hit.tick), float(hit.tick)
        pitch = CLASSES[hit.kind].pitch
        if pitch in self._sounding:
            if start <= self._sounding[pitch].start_time:
                return  # one hit
            self._sounding[pitch].end_time = min(self._sounding[pitch].end_time, start)
            self._end(pitch)
        note = self._sounding[pitch] = NoteSequence.Note()
        note.CopyFrom(self._voice)
        note.pitch, note.velocity, note.start_time = pitch, velocity, start
        note.end_time = self._seconds(place + groove.TICKS_PER_STEP)

    def _end(self, pitch: int) -> None:
        self._ended.append(self._sounding.pop(pitch))


class GrooveGenerator(StepGenerator):
    """Generates and continues drum grooves with an exported step program.

    The grid begins exactly where the section does; a hit that would sound before it sounds at its
    start. Without a primer, the section begins with a kick and a hi-hat or ride.

    Args:
        bundle: A bundle of encoding ``groove``.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(
            bundle,
            ARGUMENTS,
            steps_per_quarter=groove.TICKS_PER_QUARTER,
            event_ids=groove.EVENT_IDS,
        )

    def _plan(self, request: Request) -> tuple[Choice, GrooveWriter]:
        music, section = read_drums(request), request.section
        meter = bar_of(section)[0]
        context = _context(music, request)
        quarters = float(section.tempo.quarters(section.end)) - section.origin_quarters
        ticks = max(int(np.ceil(quarters * groove.TICKS_PER_QUARTER - _ROUNDING)), 1)
        choice = Choice(
            inputs=prepend(groove.start_id(meter), context.ids),
            grammar=Grammar(groove_rules(context.gap), context.gap + ticks, groove.LENGTHS),
            sampler=sampler_of(request.values, _KINDS, kind_floor=_KIND_FLOOR),
            guard=Guard(
                _GUARDED,
                # From a hit as early as can be to one as late.
                gap_steps(section, groove.TICKS_PER_QUARTER) - groove.TICKS_PER_STEP,
                np.ones(groove.EVENT_IDS, dtype=np.bool_),
            ),
            bias=density_bias(float(request.values["density"])),
        )
        voice = NoteSequence.Note(instrument=context.instrument, is_drum=True)
        writer = GrooveWriter(music, section, voice, gap=context.gap, seed=seed_of(request.values))
        return choice, writer

    def _notices(self, request: Request) -> list[Notice]:
        return primer_notices(
            self.info.encoding, request.music, request.options, request.section,
            drums_mode=str(request.values["drums"]),
            context=(_first_second(request.section), f"{_MOST_BARS} bars"),
        )  # fmt: skip


def _first_second(section: Section) -> float:
    """Return the time from which the primer is read, a bar line."""
    _, bar, into = bar_of(section)
    steps = into + _MOST_BARS * bar
    return float(section.tempo.seconds(section.origin_quarters - steps / STEPS_PER_QUARTER))


def _context(music: NoteSequence, request: Request) -> _Context:
    """Return the drums before a section, from a bar line on."""
    section = request.section
    _, bar, into = bar_of(section)
    end = (into + _MOST_BARS * bar) * groove.TICKS_PER_STEP
    origin = section.origin_quarters - end / groove.TICKS_PER_QUARTER
    before = input_notes_before(music, request.options, section, since=_first_second(section))
    primer = known_drums(before)
    quarters = section.tempo.quarters([note.start_time for note in primer.notes]) - origin
    hits = [hit for hit in groove.hits_of(primer, quarters) if hit.tick < end]
    if not hits:
        silence = groove.encode([], end_tick=into * groove.TICKS_PER_STEP)
        return _Context(silence, 0, DRUM_INSTRUMENT)
    bar_ticks = bar * groove.TICKS_PER_STEP
    first = hits[0].tick // bar_ticks * bar_ticks
    # The last shift is the network's to choose, so that the section need not begin with a hit.
    last = hits[-1].tick
    waited = (end - last - 1) // groove.LONGEST_SHIFT * groove.LONGEST_SHIFT
    ids = groove.encode(groove.moved(hits, -first), end_tick=last + waited - first)
    return _Context(ids, end - last - waited, primer.notes[-1].instrument)


def groove_rules(gap: int) -> Automaton:
    """Return the grammar of a section: at one tick, hits by ascending kind.

    From nothing, a section begins with a kick and a hi-hat or ride: of the grooves that players
    begin so, one in fifty is a fill, of the others one in three.

    Args:
        gap: The first event is a shift of so many ticks or more, 1 to 24; 0 from nothing.
    """
    kinds = len(CLASSES)
    # Rules: after a hit of each kind, after a shift, for the first event, for the second.
    shifted, first, second = kinds, kinds + 1, kinds + 2
    allowed = np.ones((kinds + 3, groove.EVENT_IDS), dtype=np.bool_)
    following = np.full(allowed.shape, shifted, dtype=np.int32)
    following[:, _IS_HIT] = _KINDS[_IS_HIT]
    for kind in range(kinds):
        allowed[kind] = kind < _KINDS
    allowed[first] = gap <= groove.LENGTHS if gap else _KINDS == 0
    allowed[second] = np.isin(_KINDS, _TIMEKEEPERS)
    if not gap:
        following[first] = second
    return Automaton(allowed, following, first=first)


def density_bias(density: float) -> NDArray[np.float32] | None:
    """Return what is added to the logits, ``(EVENT_IDS,)``; None for a density of 0.

    It multiplies the odds of another hit by ``exp(density / 2)``, and those of a time shift by
    the power ``-density / 2`` of its length in sixteenths.
    """
    if not density:
        return None
    lengths = np.maximum(groove.LENGTHS, 1) / _NEUTRAL_TICKS
    return np.where(_IS_HIT, density / 2, -density / 2 * np.log(lengths)).astype(np.float32)
