"""The fair queue: shares between clients, and deadlines within a share, on a simulated clock."""

from __future__ import annotations

import random
from collections import Counter

from magenta_bridge.server.workers.fair_queue import SLACK_SECONDS, FairQueue


def _spend(queue: FairQueue[str], seconds: float) -> str:
    """Run the next step for some seconds, and return it."""
    taken = queue.take()
    assert taken is not None
    account, step = taken
    queue.charge(account, seconds)
    return step


def test_an_empty_queue_has_no_next_step() -> None:
    assert FairQueue[str]().take() is None


def test_the_steps_of_a_client_run_by_deadline() -> None:
    queue: FairQueue[str] = FairQueue()
    for due, step in ((3.0, "c"), (1.0, "a"), (2.0, "b"), (1.0, "a again")):
        queue.put("me", due, step)
    assert [_spend(queue, 0.1) for _ in range(4)] == ["a", "a again", "b", "c"]


def test_many_requests_of_one_client_share_what_one_of_another_gets() -> None:
    """However urgent their deadlines are."""
    queue: FairQueue[str] = FairQueue()
    for number in range(500):
        queue.put("greedy", 0.0, f"greedy {number}")
    done: Counter[str] = Counter()
    queue.put("modest", 1e9, "modest")
    for _ in range(400):
        name = _spend(queue, 0.01).split()[0]
        done[name] += 1
        if name == "modest":
            queue.put("modest", 1e9, "modest")
        assert 0.01 * (done["greedy"] - done["modest"]) < SLACK_SECONDS + 0.02


def test_thirty_endless_streams_of_one_client_get_as_much_as_one_of_another() -> None:
    queue: FairQueue[str] = FairQueue()
    done: Counter[str] = Counter()
    for name in ("greedy",) * 30 + ("modest",):
        queue.put(name, 60.0, name)
    for _ in range(2_000):
        name = _spend(queue, 0.0005)
        done[name] += 1
        queue.put(name, 60.0, name)
    assert abs(done["greedy"] - done["modest"]) * 0.0005 <= SLACK_SECONDS + 0.001


def test_the_earliest_deadline_of_all_clients_is_first() -> None:
    """Of two streams whose clients have used about the same time, the one with the smaller lead."""
    queue: FairQueue[str] = FairQueue()
    queue.put("first", 0.0, "early")
    assert _spend(queue, SLACK_SECONDS / 2) == "early"
    queue.put("second", 9.0, "ahead")
    queue.put("first", 1.0, "urgent")
    assert _spend(queue, 0.01) == "urgent"


def test_shares_are_equal_in_time_not_in_steps() -> None:
    queue: FairQueue[str] = FairQueue()
    cost = {"slow": 0.3, "quick": 0.1}
    spent: Counter[str] = Counter()
    for name in cost:
        queue.put(name, 0.0, name)
    for _ in range(800):
        taken = queue.take()
        assert taken is not None
        name = taken[0]
        queue.charge(name, cost[name])
        queue.put(name, 0.0, name)
        spent[name] += 1
    assert abs(spent["quick"] - 600) <= 4


def test_a_pause_earns_no_time() -> None:
    """A client that returns after a pause does not use all threads until it has caught up."""
    queue: FairQueue[str] = FairQueue()
    queue.put("early", 0.0, "early")
    assert _spend(queue, 0.1) == "early"
    for _ in range(100):
        queue.put("busy", 0.0, "busy")
        _spend(queue, 0.1)
    _check_fair(queue, "early", "busy")


def test_a_new_client_starts_level() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.put("old", 0.0, "old")
        _spend(queue, 0.1)
    _check_fair(queue, "new", "old")


def _check_fair(queue: FairQueue[str], one: str, other: str) -> None:
    """Check that two clients take turns, except for the slack and a step."""
    done: Counter[str] = Counter()
    for name in (one, other) * 40:
        queue.put(name, 0.0, name)
    for _ in range(40):
        done[_spend(queue, 0.1)] += 1
        assert abs(done[one] - done[other]) <= 3


def test_the_table_of_clients_stays_small() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(10_000):
        queue.put(f"client {number}", 0.0, "x")
        _spend(queue, 0.001)
    assert len(queue._clients) <= 256


def test_every_step_is_taken_once() -> None:
    draw = random.Random(5)  # noqa: S311
    queue: FairQueue[int] = FairQueue()
    put, taken, running = 0, [], []
    for _ in range(5_000):
        if draw.random() < 0.5:
            queue.put(f"client {draw.randrange(400)}", draw.random(), put)
            put += 1
        elif (step := queue.take()) is not None:
            running.append(step[0])
            taken.append(step[1])
        if running and draw.random() < 0.5:
            queue.charge(running.pop(draw.randrange(len(running))), draw.random())
    while (step := queue.take()) is not None:
        taken.append(step[1])
    assert sorted(taken) == list(range(put))
