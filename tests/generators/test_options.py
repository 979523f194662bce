"""Options that break a rule are refused with the path of the field."""

from __future__ import annotations

import pytest

from magenta_bridge.arguments import ArgumentType, ArgumentValue, read_arguments
from magenta_bridge.errors import InvalidArgumentError, LimitExceededError
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from tests.generators.section_checks import generate, options
from tests.sequences.music import music

NAN, INFINITY = float("nan"), float("inf")


def refused(generator: SequenceGenerator, wanted: GeneratorOptions) -> InvalidArgumentError:
    """Return the error that these options raise."""
    with pytest.raises(InvalidArgumentError) as caught:
        generator.generate(NoteSequence(), wanted)
    return caught.value


@pytest.mark.parametrize("count", [0, 2, 3])
def test_exactly_one_section_is_generated(generator: SequenceGenerator, count: int) -> None:
    wanted = GeneratorOptions()
    for index in range(count):
        wanted.generate_sections.add(start_time=index, end_time=index + 1)
    error = refused(generator, wanted)
    assert error.field == "options.generate_sections"
    assert f"got {count}" in error.message


@pytest.mark.parametrize(
    ("start", "end"),
    [(2, 1), (1, 1), (-1, 1), (NAN, 1), (0, NAN), (0, INFINITY), (-INFINITY, 0), (0, -0.0)],
)
def test_a_section_ends_after_its_start(
    generator: SequenceGenerator, start: float, end: float
) -> None:
    field = refused(generator, options(start, end)).field
    assert field.rpartition(".")[0] == "options.generate_sections[0]"


@pytest.mark.parametrize(("start", "end"), [(0, 20_000), (21_599, 21_601), (1e300, 2e300)])
def test_a_section_has_limits(generator: SequenceGenerator, start: float, end: float) -> None:
    """In steps, and in seconds from the start of the music."""
    error = refused(generator, options(start, end))
    assert isinstance(error, LimitExceededError)
    assert error.field == "options.generate_sections[0].end_time"


@pytest.mark.parametrize(("start", "end"), [(2, 1), (1, 1), (-1, 1), (NAN, 1), (0, INFINITY)])
def test_an_input_section_ends_after_its_start(
    generator: SequenceGenerator, start: float, end: float
) -> None:
    wanted = options(2, 4)
    wanted.input_sections.add(start_time=0, end_time=1)
    wanted.input_sections.add(start_time=start, end_time=end)
    field = refused(generator, wanted).field
    assert field.rpartition(".")[0] == "options.input_sections[1]"


def test_an_unknown_argument_is_named_with_the_known_ones(generator: SequenceGenerator) -> None:
    error = refused(generator, options(0, 2, temprature=1.0))
    assert error.field == "options.args[temprature]"
    assert "temperature" in error.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", NAN),
        ("temperature", INFINITY),
        ("top_k", 2.5),
        ("top_k", "3"),
        ("seed", 0.5),
        ("seed", False),
        ("scale_intervals", 7),
        ("scale_root", "C"),
        ("min_pitch", NAN),
        ("scale_intervals", "dorian"),
    ],
)
def test_an_argument_of_the_wrong_type_is_refused(
    generator: SequenceGenerator, name: str, value: ArgumentValue
) -> None:
    assert refused(generator, options(0, 2, **{name: value})).field == f"options.args[{name}]"


def test_bytes_and_empty_values_are_refused(generator: SequenceGenerator) -> None:
    for slot in (GeneratorOptions.ArgValue(), GeneratorOptions.ArgValue(byte_value=b"1")):
        wanted = options(0, 2)
        wanted.args["seed"].CopyFrom(slot)
        assert refused(generator, wanted).field == "options.args[seed]"


def test_each_argument_holds_its_range(generator: SequenceGenerator) -> None:
    """As the table says it, on both sides; its edges and its default are accepted."""
    for row in generator.info.arguments:
        if row.minimum is None or row.maximum is None:
            continue
        for value in (row.minimum - 1, row.maximum + 1):
            wanted = options(0, 2)
            wanted.args[row.name].float_value = value
            error = refused(generator, wanted)
            assert error.field == f"options.args[{row.name}]"
            assert error.metadata == {"minimum": str(row.minimum), "maximum": str(row.maximum)}
        for accepted in (row.minimum, row.maximum, row.default):
            assert row.check(accepted) == accepted


def test_missing_arguments_have_their_defaults(generator: SequenceGenerator) -> None:
    rows = generator.info.arguments
    defaults = {row.name: row.default for row in rows}
    assert read_arguments(rows, GeneratorOptions()) == defaults
    assert generate(generator, NoteSequence(), 0, 2) == generate(
        generator, NoteSequence(), 0, 2, **defaults
    )


def test_a_whole_number_may_travel_as_either_kind(melodist: SequenceGenerator) -> None:
    """JavaScript has only one kind of number."""
    wanted = options(0, 2, temperature=2, top_k=3.0)
    values = read_arguments(melodist.info.arguments, wanted)
    assert (values["temperature"], values["top_k"]) == (2.0, 3)
    assert isinstance(values["temperature"], float)
    assert isinstance(values["top_k"], int)


def test_each_row_has_what_a_front_end_needs(generator: SequenceGenerator) -> None:
    """A unique name, help in a sentence, and a range unless it is text or a truth value."""
    rows = generator.info.arguments
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert row.name.isidentifier()
        assert row.help.endswith(".")
        if row.type in {ArgumentType.INT, ArgumentType.FLOAT}:
            assert row.minimum is not None
            assert row.maximum is not None
            assert row.minimum <= float(row.default) <= row.maximum


def test_details_are_magentas(generator: SequenceGenerator) -> None:
    info = generator.info
    assert (generator.details.id, generator.details.description) == (info.id, info.description)
    assert info.description
    assert generator.bundle_details is not None
    assert generator.bundle_details.description


def test_a_program_is_the_sound_of_all_notes(generator: SequenceGenerator) -> None:
    """Where it is an argument; the default is the primer's."""
    programs = {row.name: row for row in generator.info.arguments if "program" in row.name}
    primer = music((60, 0, 1), (62, 1, 2), qpm=120)
    for note in primer.notes:
        note.program = 11
    for name, row in programs.items():
        chosen = generate(generator, primer, 2.0, 18.0, seed=1, **{name: 40})
        assert 40 in {note.program for note in chosen.notes}
        if len(programs) == 1:
            assert {note.program for note in chosen.notes} == {40}
            usual = generate(generator, primer, 2.0, 18.0, seed=1)
            assert {note.program for note in usual.notes} == {
                11 if row.default == -1 else row.default
            }
    assert bool(programs) == (generator.info.encoding not in ("drums", "groove"))
