"""The generator of single-line melodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.errors import BundleError
from magenta_bridge.generators.arguments import (
    Argument,
    ArgumentType,
    ArgumentValue,
    read_arguments,
)
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.generator import (
    Capability,
    GeneratorInfo,
    Interrupt,
    SequenceGenerator,
    never_interrupt,
)
from magenta_bridge.generators.melody_output import MelodyOutput
from magenta_bridge.generators.pitches import allowed_pitches, event_mask, octave_shift
from magenta_bridge.generators.primer import Section, context_ids, read_section
from magenta_bridge.noteseq import GeneratorBundle, GeneratorOptions, NoteSequence
from magenta_bridge.runtime.program import Session
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions
from magenta_bridge.sequences.validate import validate

_CHUNK_STEPS: Final = 16
_LARGEST_SEED: Final = 2**31 - 1

ARGUMENTS: Final = (
    Argument(
        "temperature", ArgumentType.FLOAT, 1.0,
        "How adventurous: below 1 safer, above 1 wilder, 0 always the likeliest note.", 0, 4,
    ),
    Argument(
        "top_p", ArgumentType.FLOAT, 0.97,
        "Choose only among the likeliest events that together have this probability.", 0, 1,
    ),
    Argument(
        "top_k", ArgumentType.INT, 0,
        "Choose only among this many likeliest events; 0 for all.", 0, melody.EVENT_IDS,
    ),
    Argument("min_pitch", ArgumentType.INT, 0, "Lowest note allowed.", 0, 127, "MIDI pitch"),
    Argument("max_pitch", ArgumentType.INT, 127, "Highest note allowed.", 0, 127, "MIDI pitch"),
    Argument(
        "scale_root", ArgumentType.INT, 0,
        "Root of the scale to stay in: 0 is C, 1 is C sharp, 11 is B.", 0, 11, "pitch class",
    ),
    Argument(
        "scale_intervals", ArgumentType.STRING, "",
        "The scale as semitones above its root, like 0,2,4,5,7,9,11; empty for any note.",
        unit="semitones",
    ),
    Argument(
        "seed", ArgumentType.INT, 0,
        "The same seed with the same request gives the same notes.", 0, _LARGEST_SEED,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Plan:
    """One request, read and checked."""

    section: Section
    fed: NDArray[np.int32]
    mask: NDArray[np.bool_]
    shift: int
    sampler: Sampler


class MelodyGenerator(SequenceGenerator):
    """Generates and continues melodies with an exported step program.

    Threading: any number of threads; each request runs in a session of its own.

    Args:
        bundle: A bundle of encoding ``melody``.
    """

    def __init__(self, bundle: Bundle) -> None:
        traits: Mapping[str, Any] = bundle.traits
        self._bundle = bundle
        self._pitch_range = (int(traits["pitch_range"][0]), int(traits["pitch_range"][1]))
        self.info = GeneratorInfo(
            id=bundle.id,
            description=bundle.description,
            family=str(traits["family"]),
            encoding=str(traits["encoding"]),
            capabilities=(Capability.GENERATE, Capability.CONTINUE),
            arguments=ARGUMENTS,
            steps_per_quarter=melody.STEPS_PER_QUARTER,
        )
        # The first session is built now, so that no listener waits for it.
        session = bundle.program.session()
        if session.logit_count != melody.EVENT_IDS:
            raise BundleError(
                f"The program of {bundle.id} chooses among {session.logit_count} events where a "
                f"melody has {melody.EVENT_IDS}; export it again."
            )
        bundle.program.release(session)

    @property
    def bundle_details(self) -> GeneratorBundle.BundleDetails:
        """What the bundle was trained on."""
        return GeneratorBundle.BundleDetails(description=self._bundle.details)

    def stream(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        """See ``SequenceGenerator.stream``.

        The first note begins exactly where the section does, and nothing sounds beyond its end.
        """
        plan = self._plan(input_sequence, generator_options)
        output = MelodyOutput(input_sequence, plan.section, plan.shift)
        session = self._bundle.program.session()
        try:
            logits = _feed(session, plan.fed, interrupt)
            sounding = False
            for step in range(plan.section.steps):
                if step % _CHUNK_STEPS == 0:
                    interrupt()
                    if step:
                        yield output.take()
                allowed = plan.mask & melody.grammar_mask(sounding=sounding, onset=step == 0)
                value = plan.sampler.choose(logits, allowed)
                output.add(value)
                sounding = melody.sounds_after([value]) or (
                    sounding and value == melody.NO_EVENT + melody.EVENT_OFFSET
                )
                if step + 1 < plan.section.steps:
                    logits = session.step(value)
            yield output.finish()
        finally:
            self._bundle.program.release(session)

    def _plan(self, music: NoteSequence, options: GeneratorOptions) -> _Plan:
        values = read_arguments(self.info.arguments, options)
        validate(music, field="primer")
        section = read_section(music, options)
        meter, context = context_ids(music, options, section)
        pitches = allowed_pitches(
            int(values["min_pitch"]), int(values["max_pitch"]),
            int(values["scale_root"]), str(values["scale_intervals"]),
        )  # fmt: skip
        shift = octave_shift(self._wanted(context, pitches), self._pitch_range, pitches)
        start = np.array([melody.start_id(meter)], dtype=np.int32)
        return _Plan(
            section=section,
            fed=np.concatenate([start, melody.transpose_ids(context, shift)]),
            mask=event_mask(pitches, shift),
            shift=shift,
            sampler=Sampler(_sampler_options(values), int(values["seed"])),
        )

    @staticmethod
    def _wanted(context: NDArray[np.int32], pitches: NDArray[np.bool_]) -> list[int]:
        primer = context[context >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
        chosen = primer if len(primer) else np.flatnonzero(pitches)
        return [int(pitch) for pitch in chosen]


def _sampler_options(values: Mapping[str, ArgumentValue]) -> SamplerOptions:
    return SamplerOptions(
        temperature=float(values["temperature"]),
        top_k=int(values["top_k"]),
        top_p=float(values["top_p"]),
    )


def _feed(session: Session, ids: NDArray[np.int32], interrupt: Interrupt) -> NDArray[np.float32]:
    """Feeds the primer and returns the logits behind it."""
    logits = np.zeros(melody.EVENT_IDS, dtype=np.float32)
    for index, value in enumerate(ids.tolist()):
        if index % _CHUNK_STEPS == 0:
            interrupt()
        logits = session.step(value)
    return logits
