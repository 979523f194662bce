"""Has the response written before it is due.

While the last tick is still being listened to, what will be wanted at its end is known: unless the
musician goes on playing, the call is what has been heard so far. So it is written ahead, and again
whenever more is played; at the tick the notes are there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from magenta_bridge.midi.interactions.streamed_response import Response, StreamingGenerator, Task

_LOG = logging.getLogger(__name__)


class Prefetcher:
    """Keeps the response to the latest task, and the latest that has begun to arrive.

    Threading: one thread.

    Args:
        on_failure: Told when a generator fails.
    """

    def __init__(self, on_failure: Callable[[Response], None]) -> None:
        self._on_failure = on_failure
        self._latest: Response | None = None
        self._ready: Response | None = None

    def prepare(self, task: Task) -> None:
        """Has a response written, unless it is at hand."""
        if self._latest is not None and self._latest.is_ready:
            self._keep(self._latest)
        if self._latest is not None and task.same_as(self._latest.task):
            return
        self._drop(self._latest)
        self._latest = self._begin(task)

    def take(self, task: Task) -> Response:
        """Returns the response to a task that is due.

        It is the one that was written ahead, if anything of it is there; otherwise one that was
        written when the musician's last notes were not yet heard; otherwise one that begins now.
        """
        latest, ready = self._latest, self._ready
        self._latest = self._ready = None
        exact = latest if latest is not None and task.same_as(latest.task) else None
        if exact is not None and exact.is_ready:
            chosen = exact
        elif ready is not None and ready.error is None and task.fits(ready.task):
            _LOG.debug("Answering what was heard shortly before the tick.")
            chosen = ready
        elif exact is not None and exact.error is None:
            chosen = exact
        else:
            chosen = self._begin(task)
        for response in (latest, ready):
            if response is not chosen and response is not None:
                response.cancel()
        return chosen

    def forget(self) -> None:
        """Drops what was written ahead."""
        for response in (self._latest, self._ready):
            if response is not None:
                response.cancel()
        self._latest = self._ready = None

    def _begin(self, task: Task) -> Response:
        if not isinstance(task.generator, StreamingGenerator):
            raise TypeError("Only a generator that streams can write ahead.")
        response = Response(task, task.generator, self._on_failure)
        response.start()
        return response

    def _keep(self, response: Response) -> None:
        if self._ready is not None and self._ready is not response:
            self._ready.cancel()
        self._ready = response

    def _drop(self, response: Response | None) -> None:
        if response is not None and response is not self._ready:
            response.cancel()
