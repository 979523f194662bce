"""The loop of many steps per call samples the same ids as single steps and the sampler."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.runtime.loop import MOST_STEPS, Automaton, LoopSession
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions
from tests.runtime.borders import distance_to_border
from tests.runtime.programs import shipped_programs, without_loop

# Programs without a built-in grammar; see also tests/generators/test_sampling.py.
LOOPED = {
    name: raw
    for name, raw in shipped_programs().items()
    if StepProgram(raw).description["encoding"] != "performance"
}
STEPS = 96
SEED = 5
# Rounding error of float32 in sums of probabilities.
ROUNDING = 1e-5
OPTIONS = [
    SamplerOptions(),
    SamplerOptions(top_p=0.9),
    SamplerOptions(top_p=0.0),
    SamplerOptions(top_k=3),
    SamplerOptions(temperature=0.5, top_k=40, top_p=0.97),
    SamplerOptions(temperature=4.0),
    SamplerOptions(temperature=0.0),
    SamplerOptions(temperature=1e-300),
]


@pytest.fixture(scope="module", params=sorted(LOOPED))
def program(request: pytest.FixtureRequest) -> StepProgram:
    """Each included program with a loop."""
    return StepProgram(LOOPED[request.param])


def three_rules(ids: int) -> Automaton:
    """Return rules in which an odd id follows an even one, and a third of all ids can start."""
    even = np.arange(ids) % 2 == 0
    allowed = np.stack([np.ones(ids, dtype=np.bool_), ~even, np.arange(ids) % 3 == 0])
    following = np.stack([np.where(even, 1, 0), np.zeros(ids), np.where(even, 1, 0)])
    return Automaton(allowed, following.astype(np.int32), first=2)


def anything(ids: int) -> Automaton:
    """Return the rule that allows all ids."""
    return Automaton(np.ones((1, ids), dtype=np.bool_), np.zeros((1, ids), dtype=np.int32))


def primer(ids: int) -> list[int]:
    """Return a start id and two bars."""
    return [ids + 2, *(int(value) % ids for value in range(3, 99, 3))]


def check_step_by_step(
    program: StepProgram,
    automaton: Automaton,
    options: SamplerOptions,
    chosen: list[int],
    bias: NDArray[np.float32] | float = 0.0,
) -> None:
    """Check that single steps and the sampler choose each of these ids."""
    session, sampler, twin = program.session(), Sampler(options, SEED), Sampler(options, SEED)
    *before, latest = primer(session.logit_count)
    for value in before:
        session.step(value)
    rule = automaton.first
    for value in chosen:
        logits, allowed = session.step(latest) + bias, automaton.allowed[rule]
        masked, draws = np.where(allowed, logits, -np.inf), twin.draws(1)[0]
        expected = sampler.choose(logits, allowed)
        assert value == expected or distance_to_border(masked, options, draws) < ROUNDING
        rule, latest = int(automaton.following[rule, value]), value
    program.release(session)


def started(
    program: StepProgram,
    automaton: Automaton,
    sampler: Sampler,
    bias: NDArray[np.float32] | None = None,
) -> LoopSession:
    """Return a loop after the primer, before its first choice."""
    loop = program.loop_session()
    ids = primer(loop.logit_count)
    loop.begin(ids[0])
    loop.feed(np.array(ids[1:], dtype=np.int32))
    loop.follow(automaton, sampler, bias)
    return loop


def chosen_in_calls(loop: LoopSession, call: int) -> list[int]:
    """Return the ids sampled with so many steps per call."""
    return [value for first in range(0, STEPS, call) for value in loop.choose(min(call, STEPS))]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_loop_samples_the_ids_of_single_steps(
    program: StepProgram, options: SamplerOptions
) -> None:
    """Each id is equal with the same seed, up to float32 rounding."""
    count = program.session().logit_count
    for rules in (anything(count), three_rules(count)):
        chosen = chosen_in_calls(started(program, rules, Sampler(options, SEED)), 16)
        check_step_by_step(program, rules, options, chosen)


def test_a_bias_is_added_to_the_logits(program: StepProgram) -> None:
    options, free = SamplerOptions(), anything(program.session().logit_count)
    bias = np.linspace(-3, 3, free.allowed.shape[1], dtype=np.float32)
    plain, biased = (
        chosen_in_calls(started(program, free, Sampler(options, SEED), each), 16)
        for each in (None, bias)
    )
    check_step_by_step(program, free, options, biased, bias)
    assert np.mean(biased) > np.mean(plain)


@pytest.mark.parametrize("seed", range(8))
def test_rules_are_followed(program: StepProgram, seed: int) -> None:
    """Even if all allowed ids are unlikely."""
    rules = three_rules(program.session().logit_count)
    loop = started(program, rules, Sampler(SamplerOptions(temperature=2.0), seed))
    rule = rules.first
    for value in chosen_in_calls(loop, 32):
        assert rules.allowed[rule, value]
        rule = int(rules.following[rule, value])


@pytest.mark.parametrize("call", [1, 3, 48, MOST_STEPS // 2])
def test_the_ids_do_not_depend_on_the_steps_per_call(program: StepProgram, call: int) -> None:
    free = anything(program.session().logit_count)
    whole, parts = (
        chosen_in_calls(started(program, free, Sampler(SamplerOptions(top_p=0.97), 3)), each)
        for each in (16, call)
    )
    assert parts == whole


def test_the_state_equals_that_of_single_steps(program: StepProgram) -> None:
    """Regardless of earlier use of the session."""
    used = started(program, anything(program.session().logit_count), Sampler(SamplerOptions(), 1))
    used.choose(16)
    ids = primer(used.logit_count)
    again, fresh = used, program.loop_session()
    for loop in (again, fresh):
        loop.begin(ids[0])
        loop.feed(np.array(ids[1:], dtype=np.int32))
    for name, part in fresh.state.items():
        np.testing.assert_array_equal(again.state[name], part)


def test_the_seed_determines_the_ids(program: StepProgram) -> None:
    free = anything(program.session().logit_count)
    runs = [
        tuple(chosen_in_calls(started(program, free, Sampler(SamplerOptions(), seed)), 16))
        for seed in (1, 1, 2, 3)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs)) == 3


def test_two_threads_sample_the_same_as_one(program: StepProgram) -> None:
    free = anything(program.session().logit_count)

    def stream(seed: int) -> list[int]:
        loop = started(program, free, Sampler(SamplerOptions(), seed))
        ids = chosen_in_calls(loop, 16)
        program.release_loop(loop)
        return ids

    expected = [stream(seed) for seed in range(6)]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(stream, range(6))) == expected


@pytest.mark.parametrize("count", [0, MOST_STEPS + 1])
def test_the_steps_per_call_are_limited(program: StepProgram, count: int) -> None:
    loop = started(program, anything(program.session().logit_count), Sampler(SamplerOptions(), 1))
    with pytest.raises(ValueError, match="1 to 64"):
        loop.feed(np.zeros(count, dtype=np.int32))
    with pytest.raises(ValueError, match="1 to 64"):
        loop.choose(count)


def test_invalid_rules_are_rejected(program: StepProgram) -> None:
    allowed, following = np.ones((2, 5), dtype=np.bool_), np.zeros((2, 5), dtype=np.int32)
    loop = program.loop_session()
    shape = (loop.rules + 1, loop.logit_count)
    with pytest.raises(ValueError, match=f"room for {loop.rules} rules, not {loop.rules + 1}"):
        loop.follow(
            Automaton(np.ones(shape, np.bool_), np.zeros(shape, np.int32)),
            Sampler(SamplerOptions(), SEED),
        )
    with pytest.raises(ValueError, match="one rule or more"):
        Automaton(allowed[:0], following[:0])
    with pytest.raises(ValueError, match="each for every id"):
        Automaton(allowed, following[:, :4])
    with pytest.raises(ValueError, match="must allow"):
        Automaton(allowed & (np.arange(2) > 0)[:, np.newaxis], following)


def test_the_loop_is_the_first_subgraph(program: StepProgram) -> None:
    """LiteRT invokes the first subgraph several times as fast as others."""
    loop = LoopSession(program.flatbuffer, subgraph=0)
    assert loop.logit_count == program.session().logit_count


def test_a_program_of_an_earlier_version_has_no_loop(program: StepProgram) -> None:
    earlier = StepProgram(without_loop(program.flatbuffer))
    assert not earlier.loops
    with pytest.raises(BundleError):
        LoopSession(earlier.flatbuffer, subgraph=0)


def test_weights_are_stored_once(program: StepProgram) -> None:
    """Both signatures read the same bytes."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(program.flatbuffer, 0))
    large = [bytes(b.data) for b in model.buffers if b.data is not None and len(b.data) > 4096]
    assert large
    assert len(set(large)) == len(large)
