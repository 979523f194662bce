"""Run many steps of an exported program in one call, with sampling inside the program.

The signature ``loop`` repeats the program's step. Each step takes the previous id and computes
logits, adds the bias of the rule in force, and samples the next id as ``Sampler.choose`` does. The
grammar is a small automaton of rules, passed as two tables: the ids that each rule allows, and the
rule that follows each id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.runtime.interpreter import open_signature
from magenta_bridge.runtime.sampler import ALL, NONE, Sampler

SIGNATURE: Final = "loop"
MOST_STEPS: Final = 64
# Below every logit, and finite, because infinity times zero is NaN.
FORBIDDEN: Final = -1e9
_FREE: Final = -1


@dataclass(frozen=True)
class Automaton:
    """Grammar: which id may follow which.

    Attributes:
        allowed: ``(rules, ids)``, True where an id is allowed; at least one id per rule.
        following: ``(rules, ids)``, the rule in force after each id.
        first: The initial rule.

    Raises:
        ValueError: There are no rules, one allows no id, or the tables differ in shape.
    """

    allowed: NDArray[np.bool_]
    following: NDArray[np.int32]
    first: int = 0
    _tables: dict[int, tuple[NDArray[np.float32], NDArray[np.int32]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.allowed.shape != self.following.shape or not len(self.allowed):
            raise ValueError("an automaton has one rule or more, each for every id")
        if not self.allowed.any(axis=1).all():
            raise ValueError("each rule of an automaton must allow an id")

    def tables(self, rules: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return the program's inputs ``bias`` and ``following``.

        Args:
            rules: Number of rules that the program has room for.

        Raises:
            ValueError: The automaton has more.
        """
        if rules not in self._tables:
            if len(self.allowed) > rules:
                raise ValueError(f"the program has room for {rules} rules, not {len(self.allowed)}")
            shape = (rules, self.allowed.shape[1])
            bias = np.full(shape, FORBIDDEN, dtype=np.float32)
            bias[: len(self.allowed)][self.allowed] = 0.0
            following = np.zeros(shape, dtype=np.int32)
            following[: len(self.following)] = self.following
            self._tables[rules] = bias, following
        return self._tables[rules]


class LoopSession:
    """One stream of ids: an interpreter with its state, up to ``MOST_STEPS`` steps per call.

    Threading: one thread at a time. LiteRT releases the GIL while it computes.

    Args:
        flatbuffer: A LiteRT program with a signature ``loop``.
        subgraph: Index of that signature's subgraph.

    Attributes:
        rules: Maximum number of rules of an automaton.
        logit_count: Number of ids to choose from in a step.

    Raises:
        BundleError: The program is damaged or has no such signature.
    """

    def __init__(self, flatbuffer: bytes, *, subgraph: int) -> None:
        try:
            self._loop = open_signature(flatbuffer, SIGNATURE, subgraph=subgraph)
            self._states = sorted(n for n in self._loop.blanks if n.startswith("state_"))
            bias = self._loop.blanks["bias"]
            self.rules: int = bias.shape[0]
            self.logit_count: int = bias.shape[1]
            self._draws = np.zeros((MOST_STEPS, 2), dtype=np.float32)
            self.begin(0)
            self.feed(np.zeros(1, dtype=np.int32))
            states = list(self.state.values())
        except (ValueError, RuntimeError, KeyError, TypeError, IndexError) as error:
            raise BundleError(
                "The bundle's LiteRT program is damaged; download it again."
            ) from error
        if not states or not all(np.isfinite(state).all() for state in states):
            raise BundleError("The bundle's LiteRT program computes no state; download it again.")

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """The state before the latest id, by name."""
        return {name: np.array(self._loop.get(name)) for name in self._states}

    @property
    def draws(self) -> NDArray[np.float32]:
        """The random numbers of the latest ``choose``, one row per id."""
        return self._draws

    def begin(self, start: int) -> None:
        """Reset the state; ``start`` is the first id."""
        for name, zeros in self._loop.blanks.items():
            self._loop.set(name, zeros)
        self._loop.set("ids", np.array([start], dtype=np.int32))

    def resume(self, state: Mapping[str, NDArray[Any]], latest: int) -> None:
        """Continue after ids that were fed before; call ``follow`` afterwards.

        Args:
            state: The property of that name after them.
            latest: The last of them.
        """
        for name in self._states:
            self._loop.set(name, state[name])
        self._loop.set("ids", np.array([latest], dtype=np.int32))

    def feed(self, ids: NDArray[np.int32]) -> None:
        """Feed ids, at most ``MOST_STEPS``; call ``follow`` afterwards."""
        _check(len(ids))
        forced = np.full(MOST_STEPS, _FREE, dtype=np.int32)
        forced[: len(ids)] = ids
        self._loop.set("forced", forced)
        # The program takes the larger of the forced and the sampled id; this makes the latter 0.
        self._loop.set("draws", np.full((MOST_STEPS, 2), NONE, dtype=np.float32))
        self._loop.set("limit", np.array([ALL], dtype=np.float32))
        self._call(len(ids))

    def follow(
        self, automaton: Automaton, sampler: Sampler, bias: NDArray[np.float32] | None = None
    ) -> None:
        """Set how the next ids are chosen.

        Args:
            automaton: The grammar.
            sampler: The sampler, with its options.
            bias: Added to the logits, ``(ids,)``; None for no bias.
        """
        table, following = automaton.tables(self.rules)
        options = sampler.options
        self._loop.set("bias", table if bias is None else table + bias)
        self._loop.set("following", following)
        self._loop.set("rule", np.array([automaton.first], dtype=np.int32))
        self._loop.set("sharpness", np.array([options.inverse_temperature], dtype=np.float32))
        self._loop.set("limit", np.array([options.limit], dtype=np.float32))
        self._loop.set("reach", options.reach(self.logit_count))
        self._loop.set("forced", np.full(MOST_STEPS, _FREE, dtype=np.int32))
        self._sampler = sampler

    def choose(self, count: int) -> list[int]:
        """Choose the next ids.

        Args:
            count: Number of ids, at most ``MOST_STEPS``.
        """
        _check(count)
        self._draws[:count] = self._sampler.draws(count)
        self._loop.set("draws", self._draws)
        return self._call(count)

    def _call(self, count: int) -> list[int]:
        loop = self._loop
        loop.set("count", np.array([count], dtype=np.int32))
        loop.invoke()
        for name in self._states:
            loop.set(name, loop.get(name))
        loop.set("rule", loop.get("rule"))
        chosen = loop.get("chosen")[:count]
        loop.set("ids", chosen[-1:])
        ids: list[int] = chosen.tolist()
        return ids


def _check(count: int) -> None:
    if not 0 < count <= MOST_STEPS:
        raise ValueError(f"a call runs 1 to {MOST_STEPS} steps, not {count}")
