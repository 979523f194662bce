"""The schedule: shares between clients, deadlines within one, and nothing saved up."""

from __future__ import annotations

import random
from collections import Counter

from magenta_bridge.server.workers.fair_queue import SLACK_SECONDS, Schedule


def _spend(schedule: Schedule[str], seconds: float) -> str:
    """Does the next step, which takes so long, and returns what it was."""
    taken = schedule.take()
    assert taken is not None
    account, step = taken
    schedule.charge(account, seconds)
    return step


def test_nothing_is_next_when_nothing_is_ready() -> None:
    assert Schedule[str]().take() is None


def test_a_clients_steps_are_done_in_the_order_in_which_they_are_due() -> None:
    schedule: Schedule[str] = Schedule()
    for due, step in ((3.0, "c"), (1.0, "a"), (2.0, "b"), (1.0, "a again")):
        schedule.put("me", due, step)
    assert [_spend(schedule, 0.1) for _ in range(4)] == ["a", "a again", "b", "c"]


def test_many_requests_of_one_client_get_what_one_request_of_another_gets() -> None:
    """However urgent they say they are."""
    schedule: Schedule[str] = Schedule()
    for number in range(500):
        schedule.put("greedy", 0.0, f"greedy {number}")
    done: Counter[str] = Counter()
    schedule.put("modest", 1e9, "modest")
    for _ in range(400):
        name = _spend(schedule, 0.01).split()[0]
        done[name] += 1
        if name == "modest":
            schedule.put("modest", 1e9, "modest")
        assert 0.01 * (done["greedy"] - done["modest"]) < SLACK_SECONDS + 0.02


def test_what_is_due_first_comes_first_whoever_wants_it() -> None:
    """Of two streams, the one whose lead is smaller, while both have had about the same."""
    schedule: Schedule[str] = Schedule()
    schedule.put("first", 0.0, "early")
    assert _spend(schedule, SLACK_SECONDS / 2) == "early"
    schedule.put("second", 9.0, "ahead")
    schedule.put("first", 1.0, "about to be heard")
    assert _spend(schedule, 0.01) == "about to be heard"


def test_a_share_is_counted_in_time_and_not_in_steps() -> None:
    schedule: Schedule[str] = Schedule()
    cost = {"slow": 0.3, "quick": 0.1}
    spent: Counter[str] = Counter()
    for name in cost:
        schedule.put(name, 0.0, name)
    for _ in range(800):
        taken = schedule.take()
        assert taken is not None
        name = taken[0]
        schedule.charge(name, cost[name])
        schedule.put(name, 0.0, name)
        spent[name] += 1
    assert abs(spent["quick"] - 600) <= 4


def test_a_pause_saves_up_no_time() -> None:
    """Who comes back after a pause does not get all threads until it has caught up."""
    schedule: Schedule[str] = Schedule()
    schedule.put("early", 0.0, "early")
    assert _spend(schedule, 0.1) == "early"
    for _ in range(100):
        schedule.put("busy", 0.0, "busy")
        _spend(schedule, 0.1)
    _check_fair(schedule, "early", "busy")


def test_a_newcomer_has_nothing_to_make_up_for() -> None:
    schedule: Schedule[str] = Schedule()
    for _ in range(100):
        schedule.put("old", 0.0, "old")
        _spend(schedule, 0.1)
    _check_fair(schedule, "new", "old")


def _check_fair(schedule: Schedule[str], one: str, other: str) -> None:
    """Checks that two clients take turns, but for the slack and a step."""
    done: Counter[str] = Counter()
    for name in (one, other) * 40:
        schedule.put(name, 0.0, name)
    for _ in range(40):
        done[_spend(schedule, 0.1)] += 1
        assert abs(done[one] - done[other]) <= 3


def test_the_table_of_clients_stays_small() -> None:
    schedule: Schedule[str] = Schedule()
    for number in range(10_000):
        schedule.put(f"client {number}", 0.0, "x")
        _spend(schedule, 0.001)
    assert len(schedule._accounts) <= 256


def test_every_step_is_taken_once_whatever_happens() -> None:
    draw = random.Random(5)  # noqa: S311
    schedule: Schedule[int] = Schedule()
    put, taken, running = 0, [], []
    for _ in range(5_000):
        if draw.random() < 0.5:
            schedule.put(f"client {draw.randrange(400)}", draw.random(), put)
            put += 1
        elif (step := schedule.take()) is not None:
            running.append(step[0])
            taken.append(step[1])
        if running and draw.random() < 0.5:
            schedule.charge(running.pop(draw.randrange(len(running))), draw.random())
    while (step := schedule.take()) is not None:
        taken.append(step[1])
    assert sorted(taken) == list(range(put))
