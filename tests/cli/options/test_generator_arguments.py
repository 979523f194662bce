"""Words become arguments of the generator's own types; seeds follow each other."""

from __future__ import annotations

import click
import pytest

from magenta_bridge.cli.options.generator_arguments import choose_seeds, read_settings
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import SEEDS
from tests.cli.tables import TABLE


def test_variations_take_the_seeds_that_follow_and_wrap_at_the_last() -> None:
    assert choose_seeds(7, 3) == [7, 8, 9]
    assert choose_seeds(SEEDS - 1, 2) == [SEEDS - 1, 0]


def test_without_a_seed_one_is_drawn_in_range() -> None:
    drawn = [choose_seeds(None, 1)[0] for _ in range(8)]
    assert all(0 <= seed < SEEDS for seed in drawn)
    assert len(set(drawn)) > 1


def test_texts_are_read_in_the_type_of_the_table() -> None:
    free = [("temperature", "0.5"), ("top_k", "4"), ("swing", "Yes"), ("scale", "minor")]
    values = read_settings({}, free, TABLE)
    assert values == {"temperature": 0.5, "top_k": 4, "swing": True, "scale": "minor"}
    assert isinstance(values["top_k"], int)


def test_options_that_were_not_given_are_left_out_and_set_wins() -> None:
    named = {"temperature": 2.0, "top_k": None}
    assert read_settings(named, [("temperature", "0.5")], TABLE) == {"temperature": 0.5}


@pytest.mark.parametrize(
    "setting",
    [("temperature", "hot"), ("temperature", "99"), ("top_k", "1.5"), ("swing", "maybe")],
)
def test_a_value_that_does_not_fit_names_the_argument(setting: tuple[str, str]) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{setting[0]} must be"):
        read_settings({}, [setting], TABLE)


def test_an_unknown_argument_lists_those_there_are() -> None:
    with pytest.raises(InvalidArgumentError, match="temperature, top_k"):
        read_settings({"tempo": 1.0}, [], TABLE)


def test_the_seed_has_an_option_of_its_own() -> None:
    with pytest.raises(click.UsageError, match="--seed"):
        read_settings({}, [("seed", "1")], TABLE)
