"""Whatever happens to the players, no note hangs, in random histories in virtual time.

The histories also detect every seeded bug that leaves a note hanging. ``MIDI_HISTORIES`` sets their
number; ``make soak`` uses ten times as many.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.midi.seeded_bugs import BUGS, Bug
from tests.midi.state_machine import NoHungNotes

HISTORIES = int(os.environ.get("MIDI_HISTORIES", "1000"))
STEPS = 20
# Most bugs are found by a tenth of that.
ENOUGH_TO_FIND = 1000

TestNoHungNotes = pytest.mark.timeout(3600)(NoHungNotes.TestCase)
TestNoHungNotes.settings = settings(
    max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None
)


def test_a_lost_second_note_off_does_not_restart_a_note() -> None:
    """Found among 10,000 histories: the first note-off had already ended the note."""
    history = NoHungNotes()
    history.choose(troubles=frozenset({"port", "panic", "kill"}), plays_out=False)
    history.strike(number=0, pitch=60, seconds=0.1)
    history.vanish(seconds=0.01)
    history.play_out()
    history.panic()
    history.kill(seconds=0.01, loses_last_messages=True)
    history.teardown()


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_that_hangs_a_note_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*bug)
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
