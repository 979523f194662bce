"""Keeps new music from falling silent, and from repeating one pitch forever.

A model that reads its own output can fall into a rest or a pitch that it never leaves, most of all
at low temperatures. The bounds are beyond 99 percent of what people play (fiddle tunes, chorales,
drummers): ``benchmarks/temperature.py`` prints the percentiles of eight bars of human music.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.generators.primer import Section

# A note begins at least every two bars.
GAP_BARS: Final = 2
_WINDOW: Final = 32
# With fewer pitches to choose from, they may repeat as they like.
_FEWEST_PITCHES: Final = 5
_NONE: Final = -1
_PERIODS: Final = (1, 2, 3, 4)


@dataclass(frozen=True)
class GuardedIds:
    """What a guard reads of the ids of an encoding.

    Attributes:
        onsets: Pitch or set of drums that begins with each id, ``(ids,)``; -1 for none.
        steps: Steps that each id takes, ``(ids,)``.
        waits: Whether an id makes the next onset impossible for now, ``(ids,)``, such as a held
            note that only higher ones may follow.
        run: Most consecutive onsets of the same.
        loop: Most consecutive onsets that repeat those two, three or four onsets before.
        share: Most onsets of the same among 32.
    """

    onsets: NDArray[np.int32]
    steps: NDArray[np.int32]
    waits: NDArray[np.bool_]
    run: int
    loop: int
    share: int


class Guard:
    """Follows the new music, and returns which ids keep it within the bounds.

    Args:
        ids: The encoding.
        gap: Maximum number of steps between two onsets.
        choosable: Ids that may be chosen at all, ``(ids,)``.
        near: Those in the register of the primer, ``(ids,)``; None for all.
    """

    def __init__(
        self,
        ids: GuardedIds,
        gap: int,
        choosable: NDArray[np.bool_],
        near: NDArray[np.bool_] | None = None,
    ) -> None:
        self._near = np.ones(len(ids.steps), dtype=np.bool_) if near is None else near
        self._ids = ids
        self._gap = gap
        self._onsets: list[int] = ids.onsets.tolist()
        self._steps: list[int] = ids.steps.tolist()
        self._waits: list[bool] = ids.waits.tolist()
        self._is_near: list[bool] = self._near.tolist()
        self._longest = max(self._steps)
        self._repeats = len(np.unique(ids.onsets[choosable])) > _FEWEST_PITCHES
        self._waited = 0
        self._top = _NONE
        self._recent: deque[int] = deque(maxlen=_WINDOW)
        self._counts: Counter[int] = Counter()
        # For each period, how many of the latest onsets repeat those a period before.
        self._repeated = [0] * len(_PERIODS)
        self._most = [ids.run - 1, *[ids.loop] * (len(_PERIODS) - 1)]

    def allows(self, value: int) -> bool:
        """Return whether an id keeps the bounds: ``mask`` for one id, which most steps need."""
        onset, is_late = self._onsets[value], self._waited >= self._gap
        if not self._is_near[value] or (is_late and self._waits[value]):
            return False
        if onset == _NONE:
            return self._waited + self._steps[value] <= self._gap
        return not (self._repeats and self._is_refused(onset))

    def _is_refused(self, onset: int) -> bool:
        if self._counts[onset] >= self._ids.share:
            return True
        recent = self._recent
        return any(
            repeated >= most and recent[-period] == onset
            for period, repeated, most in zip(_PERIODS, self._repeated, self._most, strict=True)
        )

    def within(self, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return those of the allowed ids that keep the bounds, or as many of them as possible."""
        for repeats, near in ((True, True), (False, True), (False, False)):
            guarded = self.mask(repeats=repeats)
            kept = allowed & self._near if near else allowed
            kept = kept if guarded is None else kept & guarded
            if kept.any():
                return kept
        return allowed

    def mask(self, *, repeats: bool = True) -> NDArray[np.bool_] | None:
        """Return the ids that keep the bounds, ``(ids,)``; None for all.

        Args:
            repeats: Whether to bound repeated onsets too.
        """
        refused = self._refused() if repeats and self._repeats else set()
        if self._waited + self._longest <= self._gap and not refused:
            return None
        ids = self._ids
        allowed: NDArray[np.bool_] = (ids.onsets != _NONE) | (self._waited + ids.steps <= self._gap)
        if self._waited >= self._gap:
            allowed &= ~ids.waits
        if refused:
            allowed &= ~np.isin(ids.onsets, list(refused))
        return allowed

    def _refused(self) -> set[int]:
        """Return the onsets that must not be repeated now."""
        refused = {onset for onset, count in self._counts.items() if count >= self._ids.share}
        for period, repeated, most in zip(_PERIODS, self._repeated, self._most, strict=True):
            if repeated >= most:
                refused.add(self._recent[-period])
        return refused

    def add(self, value: int) -> None:
        """Advance by the id that was chosen."""
        onset = self._onsets[value]
        if onset != _NONE:
            self._waited = 0
            self._top = max(self._top, onset)
        steps = self._steps[value]
        if steps:
            self._waited += steps
            if self._top != _NONE:
                self._push(self._top)
                self._top = _NONE

    def _push(self, onset: int) -> None:
        recent = self._recent
        for index, period in enumerate(_PERIODS):
            again = len(recent) >= period and recent[-period] == onset
            self._repeated[index] = self._repeated[index] + 1 if again else 0
        if len(recent) == _WINDOW:
            self._counts[recent[0]] -= 1
        recent.append(onset)
        self._counts[onset] += 1


def gap_steps(section: Section, steps_per_quarter: float) -> int:
    """Return the maximum number of steps between two onsets, in a section's meter."""
    return max(int(GAP_BARS * section.meter.bar_quarters * steps_per_quarter), 1)
