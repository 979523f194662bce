"""What can be compared stands together; what cannot is kept apart."""

from __future__ import annotations

from magenta_bridge.lab.search.objectives import yardsticks_of


def test_step_families_share_a_yardstick_and_the_adversarial_one_has_its_own() -> None:
    likelihood, distance = yardsticks_of(["gan", "lstm", "gru"], "melody")
    assert likelihood.families == ("lstm", "gru")
    assert likelihood.unit == "nats a sixteenth step"
    assert distance.families == ("gan",)
    assert "distance" in distance.unit


def test_nothing_is_measured_that_nobody_asked_for() -> None:
    assert [each.name for each in yardsticks_of(["gan"], "duo")] == ["distance"]
    assert [each.name for each in yardsticks_of(["rnn"], "drums")] == ["likelihood"]
