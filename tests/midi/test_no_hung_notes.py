"""Whatever happens to the players, no note hangs: shown on random histories in virtual time.

And that this shows it: of every way to leave a note hanging below, the histories must speak.

``MIDI_HISTORIES`` sets how many; ``make soak`` asks for ten times as many.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.midi.histories import NoHungNotes
from tests.midi.ways_to_hang import WAYS, Way

HISTORIES = int(os.environ.get("MIDI_HISTORIES", "1000"))
STEPS = 20
# Most are found by a tenth of that.
ENOUGH_TO_FIND = 1000

TestNoHungNotes = pytest.mark.timeout(3600)(NoHungNotes.TestCase)
TestNoHungNotes.settings = settings(
    max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None
)


def test_a_second_note_off_that_is_lost_brings_no_note_back() -> None:
    """Found among 10,000 histories: the first had ended the note long before."""
    history = NoHungNotes()
    history.choose(troubles=frozenset({"port", "panic", "kill"}), plays_out=False)
    history.strike(number=0, pitch=60, seconds=0.1)
    history.vanish(seconds=0.01)
    history.play_out()
    history.panic()
    history.kill(seconds=0.01, loses_the_last_words=True)
    history.teardown()


@pytest.mark.parametrize("way", WAYS)
def test_a_note_that_hangs_is_found(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*way)
    few = settings(
        max_examples=ENOUGH_TO_FIND,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(seed(1)(NoHungNotes), settings=few)
