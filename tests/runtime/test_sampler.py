"""Ids are sampled from the distribution that logits, mask and options define."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from magenta_bridge.runtime.sampler import Sampler, SamplerOptions

Logits = NDArray[np.float32]
Mask = NDArray[np.bool_]

DRAWS = 4_000


@st.composite
def choices(draw: st.DrawFn) -> tuple[Logits, Mask]:
    """Draw logits and a mask that allows at least one id."""
    size = draw(st.integers(1, 30))
    level = st.floats(-60, 60, width=32)
    logits = draw(st.lists(level, min_size=size, max_size=size))
    mask = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    mask[draw(st.integers(0, size - 1))] = True
    return np.array(logits, dtype=np.float32), mask


options = st.builds(
    SamplerOptions,
    temperature=st.one_of(st.just(0.0), st.floats(0.0, 4.0)),
    top_k=st.integers(0, 40),
    top_p=st.floats(0.0, 1.0),
)


def frequencies(logits: Logits, mask: Mask, chosen: SamplerOptions) -> NDArray[np.float64]:
    """Return the relative frequency of each id."""
    sampler = Sampler(chosen, seed=11)
    drawn = [sampler.choose(logits, mask) for _ in range(DRAWS)]
    return np.bincount(drawn, minlength=len(logits)) / DRAWS


def assert_distributed(found: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
    """Check frequencies by chi-square; 40 is far beyond chance for up to 7 degrees of freedom."""
    possible = expected > 0
    assert not found[~possible].any()
    difference = (found - expected)[possible]
    assert DRAWS * float((difference**2 / expected[possible]).sum()) < 40.0


SHARES = np.array([0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
LOGITS = np.log(SHARES).astype(np.float32)
ALL = np.ones(6, dtype=np.bool_)


def test_the_default_distribution_is_the_softmax() -> None:
    assert_distributed(frequencies(LOGITS, ALL, SamplerOptions()), SHARES)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_divides_logits(temperature: float) -> None:
    shaped = SHARES ** (1 / temperature)
    found = frequencies(LOGITS, ALL, SamplerOptions(temperature=temperature))
    assert_distributed(found, shaped / shaped.sum())


def test_a_mask_keeps_the_ratios_of_allowed_ids() -> None:
    mask = np.array([False, True, True, False, True, False])
    kept = np.where(mask, SHARES, 0)
    assert_distributed(frequencies(LOGITS, mask, SamplerOptions()), kept / kept.sum())


@pytest.mark.parametrize(("top_k", "kept"), [(1, 1), (3, 3), (6, 6), (99, 6), (0, 6)])
def test_top_k_keeps_the_likeliest(top_k: int, kept: int) -> None:
    expected = np.where(np.arange(6) < kept, SHARES, 0)
    found = frequencies(LOGITS, ALL, SamplerOptions(top_k=top_k))
    assert_distributed(found, expected / expected.sum())


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.0, 1), (0.39, 1), (0.41, 2), (0.66, 3), (0.97, 6), (1.0, 6)]
)
def test_top_p_keeps_the_smallest_set_that_reaches_it(top_p: float, kept: int) -> None:
    expected = np.where(np.arange(6) < kept, SHARES, 0)
    found = frequencies(LOGITS, ALL, SamplerOptions(top_p=top_p))
    assert_distributed(found, expected / expected.sum())


def test_options_combine() -> None:
    """The more restrictive of top-k and top-p applies."""
    expected = np.array([0.4, 0.25, 0, 0, 0, 0]) / 0.65
    for chosen in (SamplerOptions(top_k=2, top_p=0.9), SamplerOptions(top_k=5, top_p=0.5)):
        assert_distributed(frequencies(LOGITS, ALL, chosen), expected)


@settings(max_examples=40)
@given(choices(), st.integers(0, 2**32))
def test_temperature_0_takes_the_likeliest_allowed(choice: tuple[Logits, Mask], seed: int) -> None:
    logits, mask = choice
    best = Sampler(SamplerOptions(temperature=0.0), seed).choose(logits, mask)
    assert logits[best] == logits[mask].max()
    assert mask[best]


@settings(max_examples=40)
@given(choices(), st.integers(0, 2**32))
def test_top_k_1_takes_the_likeliest_allowed(choice: tuple[Logits, Mask], seed: int) -> None:
    logits, mask = choice
    best = Sampler(SamplerOptions(top_k=1), seed).choose(logits, mask)
    # Probabilities that are equal in float32 are equally likely.
    assert logits[best] == pytest.approx(logits[mask].max(), abs=1e-6)


@settings(max_examples=40)
@given(choices(), options, st.integers(0, 2**32))
def test_a_masked_id_is_never_drawn(
    choice: tuple[Logits, Mask], chosen: SamplerOptions, seed: int
) -> None:
    logits, mask = choice
    sampler = Sampler(chosen, seed)
    assert all(mask[sampler.choose(logits, mask)] for _ in range(5))


@settings(max_examples=40)
@given(choices(), options, st.integers(0, 2**32))
def test_equal_seeds_give_equal_ids(
    choice: tuple[Logits, Mask], chosen: SamplerOptions, seed: int
) -> None:
    first, second = Sampler(chosen, seed), Sampler(chosen, seed)
    assert [first.choose(*choice) for _ in range(9)] == [second.choose(*choice) for _ in range(9)]


def test_different_seeds_give_different_ids() -> None:
    drawn = [
        tuple(sampler.choose(LOGITS, ALL) for _ in range(20))
        for sampler in (Sampler(SamplerOptions(), seed) for seed in range(10))
    ]
    assert len(set(drawn)) == 10


def test_a_temperature_near_0_takes_the_likeliest() -> None:
    """The division does not overflow."""
    sampler = Sampler(SamplerOptions(temperature=1e-308), seed=1)
    assert sampler.choose(LOGITS, ALL) == 0
