"""Run an exported step program with LiteRT, on any number of threads."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.limits import BUNDLE_JSON_BYTES, check_limit
from magenta_bridge.runtime.interpreter import open_signature
from magenta_bridge.runtime.loop import MOST_STEPS, LoopSession
from magenta_bridge.runtime.loop import SIGNATURE as _LOOP

DESCRIPTION_NAME: Final = "magenta_bridge.description"
_STEP: Final = "step"


class StepProgram:
    """A step program and its metadata, read-only.

    Threading: safe from any thread; each ``Session`` belongs to one thread at a time.

    LiteRT is native code that damaged bytes can crash: verify a checksum first, as ``read_bundle``
    does.

    Args:
        flatbuffer: A LiteRT program with a signature ``step`` (``ids``, ``state_0``, ... to
            ``logits``, ``state_0``, ...) and optionally a signature ``loop``; see
            ``runtime.loop``.

    Raises:
        BundleError: The bytes are not such a program.
    """

    def __init__(self, flatbuffer: bytes) -> None:
        if flatbuffer[4:8] != b"TFL3":
            raise BundleError("The bundle contains no LiteRT program; train or export it again.")
        self._flatbuffer = flatbuffer
        self._idle: list[Session] = []
        self._idle_loops: list[LoopSession] = []
        self._lock = threading.Lock()
        self._latest_feed: tuple[bytes, Mapping[str, NDArray[Any]]] = b"", {}
        self.description, self._subgraphs = _read_metadata(flatbuffer)

    @property
    def flatbuffer(self) -> bytes:
        """The program's bytes."""
        return self._flatbuffer

    def session(self) -> Session:
        """Return a session in its initial state, reusing an idle one."""
        with self._lock:
            if self._idle:
                session = self._idle.pop()
                session.reset()
                return session
        return Session(self._flatbuffer, subgraph=self._subgraphs.get(_STEP, 0))

    def release(self, session: Session) -> None:
        """Return a session to the pool."""
        with self._lock:
            self._idle.append(session)

    @property
    def loops(self) -> bool:
        """Whether the program can run many steps per call."""
        return _LOOP in self._subgraphs

    def loop_session(self) -> LoopSession:
        """Return a session with many steps per call, reusing an idle one; only if ``loops``.

        The caller must call ``begin``.
        """
        with self._lock:
            if self._idle_loops:
                return self._idle_loops.pop()
        return LoopSession(self._flatbuffer, subgraph=self._subgraphs[_LOOP])

    def feed(
        self, loop: LoopSession, ids: NDArray[np.int32], interrupt: Callable[[], None]
    ) -> Mapping[str, NDArray[Any]] | None:
        """Begin a loop session with ids; variations of one primer run it through the network once.

        Args:
            loop: A session of this program; call its ``follow`` afterwards.
            ids: Ids, ``(steps,)``; at least one.
            interrupt: Called before each chunk of work; raises to stop it.

        Returns:
            The state before the last id; None if there is no other.
        """
        key = ids.tobytes()
        latest, state = self._latest_feed
        if len(ids) > 1 and key == latest:
            loop.begin(int(ids[0]))
            loop.resume(state, int(ids[-1]))
            return state
        loop.begin(int(ids[0]))
        for first in range(1, len(ids), MOST_STEPS):
            interrupt()
            loop.feed(ids[first : first + MOST_STEPS])
        if len(ids) == 1:
            return None
        state = loop.state
        self._latest_feed = key, state
        return state

    def release_loop(self, session: LoopSession) -> None:
        """Return a loop session to the pool."""
        with self._lock:
            self._idle_loops.append(session)


class Session:
    """One stream of steps: an interpreter with its state.

    Threading: one thread at a time. LiteRT releases the GIL while it computes.

    Args:
        flatbuffer: As for ``StepProgram``.
        subgraph: Index of the subgraph of ``step``.

    Attributes:
        logit_count: Number of ids to choose from in a step.

    Raises:
        BundleError: The program is damaged or has no ``step``.
    """

    def __init__(self, flatbuffer: bytes, *, subgraph: int = 0) -> None:
        try:
            self._step = open_signature(flatbuffer, _STEP, subgraph=subgraph)
            self._connect()
            self.reset()
            # A damaged program may load, and fail or compute NaN at the first step.
            logits = self.step(0)
        except (ValueError, RuntimeError, KeyError, TypeError, IndexError) as error:
            raise BundleError(
                "The bundle's LiteRT program is damaged; download it again."
            ) from error
        if logits.ndim != 1 or not np.isfinite(logits).all():
            raise BundleError("The bundle's LiteRT program computes no logits; download it again.")
        self.logit_count: int = len(logits)
        self.reset()

    def _connect(self) -> None:
        inputs = self._step.blanks
        self._states = sorted(name for name in inputs if name != "ids")
        if "ids" not in inputs or not {"logits", *self._states} <= self._step.outputs:
            raise BundleError("The bundle's LiteRT program has no step; export it again.")
        self._ids = inputs["ids"]

    def reset(self) -> None:
        """Reset the state."""
        for name in self._states:
            self._step.set(name, self._step.blanks[name])

    def resume(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue from a state of a ``LoopSession`` of the same program."""
        for name in self._states:
            self._step.set(name, state[name])

    def step(self, value: int) -> NDArray[np.float32]:
        """Feed one id and return the logits of the next event, ``(event_ids,)``."""
        step = self._step
        self._ids[0] = value
        step.set("ids", self._ids)
        step.invoke()
        logits: NDArray[np.float32] = step.get("logits")[0]
        for name in self._states:
            step.set(name, step.get(name))
        return logits


def _read_metadata(flatbuffer: bytes) -> tuple[dict[str, Any], dict[str, int]]:
    """Return a program's metadata, and the subgraph of each signature."""
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.Model.GetRootAs(flatbuffer, 0)
        defined = [model.SignatureDefs(index) for index in range(model.SignatureDefsLength())]
        subgraphs = {each.SignatureKey().decode(): int(each.SubgraphIndex()) for each in defined}
        for index in range(model.MetadataLength()):
            entry = model.Metadata(index)
            if entry.Name() == DESCRIPTION_NAME.encode():
                held = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
                check_limit(BUNDLE_JSON_BYTES, len(held), where="bundle")
                description = json.loads(held)  # RecursionError, too, is caught below
                if isinstance(description, dict):
                    return description, subgraphs
    except Exception as error:  # flatbuffers raises many types for damaged offsets
        raise BundleError("The bundle's LiteRT program is damaged; download it again.") from error
    raise BundleError("The bundle has no metadata; export it with this version.")
