"""Runs an exported step program with LiteRT, on any number of threads."""

from __future__ import annotations

import json
import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.limits import BUNDLE_JSON_BYTES, check_limit
from magenta_bridge.runtime.loop import SIGNATURE as _LOOP
from magenta_bridge.runtime.loop import LoopSession
from magenta_bridge.runtime.signature import open_signature

DESCRIPTION_NAME: Final = "magenta_bridge.description"
_STEP: Final = "step"


class StepProgram:
    """A step program and its description, read-only.

    Threading: safe from any thread; each ``Session`` belongs to one thread at a time.

    Most damage is noticed, but LiteRT is native code that a rare flipped bit can crash: bytes
    from a file are to be checked against a checksum first, as ``read_bundle`` does.

    Args:
        flatbuffer: A LiteRT program with a signature ``step`` (``ids``, ``state_0``, ... to
            ``logits``, ``state_0``, ...) and, where its rules fit one, a signature ``loop``;
            see ``runtime.loop``.

    Raises:
        BundleError: The bytes are no such program.
    """

    def __init__(self, flatbuffer: bytes) -> None:
        if flatbuffer[4:8] != b"TFL3":
            raise BundleError("The bundle holds no LiteRT program; train or export it again.")
        self._flatbuffer = flatbuffer
        self._idle: list[Session] = []
        self._idle_loops: list[LoopSession] = []
        self._lock = threading.Lock()
        self.description, self._subgraphs = _read_metadata(flatbuffer)

    @property
    def flatbuffer(self) -> bytes:
        """The program itself, for runners of other signatures."""
        return self._flatbuffer

    def session(self) -> Session:
        """Returns a session in its initial state; an idle one where there is one."""
        with self._lock:
            if self._idle:
                session = self._idle.pop()
                session.reset()
                return session
        return Session(self._flatbuffer, subgraph=self._subgraphs.get(_STEP, 0))

    def release(self, session: Session) -> None:
        """Takes a session back for the next caller, so that it need not be built again."""
        with self._lock:
            self._idle.append(session)

    @property
    def loops(self) -> bool:
        """Tells whether the program runs many steps a call."""
        return _LOOP in self._subgraphs

    def loop_session(self) -> LoopSession:
        """Returns a session of many steps a call; an idle one where there is one.

        Its caller says where to begin. Only where the program ``loops``.
        """
        with self._lock:
            if self._idle_loops:
                return self._idle_loops.pop()
        return LoopSession(self._flatbuffer, subgraph=self._subgraphs[_LOOP])

    def release_loop(self, session: LoopSession) -> None:
        """Takes a session of many steps a call back; see ``release``."""
        with self._lock:
            self._idle_loops.append(session)


class Session:
    """One stream of steps: an interpreter with its state.

    Threading: one thread at a time. LiteRT lets go of the interpreter lock while it computes.

    Args:
        flatbuffer: As for ``StepProgram``.
        subgraph: Index of the subgraph that the step is.

    Attributes:
        logit_count: How many ids a step chooses among.

    Raises:
        BundleError: The program is damaged or has no step.
    """

    def __init__(self, flatbuffer: bytes, *, subgraph: int = 0) -> None:
        try:
            self._step = open_signature(flatbuffer, _STEP, subgraph=subgraph)
            self._connect()
            self.reset()
            # A damaged program may load and yet fail, or compute no numbers, at the first step.
            logits = self.step(0)
        except (ValueError, RuntimeError, KeyError, TypeError, IndexError) as error:
            raise BundleError("The bundle's LiteRT program is damaged; get it again.") from error
        if logits.ndim != 1 or not np.isfinite(logits).all():
            raise BundleError("The bundle's LiteRT program computes no logits; get it again.")
        self.logit_count: int = len(logits)
        self.reset()

    def _connect(self) -> None:
        inputs = self._step.blanks
        self._states = sorted(name for name in inputs if name != "ids")
        if "ids" not in inputs or not {"logits", *self._states} <= self._step.outputs:
            raise BundleError("The bundle's LiteRT program has no step; export it again.")
        self._ids = inputs["ids"]

    def reset(self) -> None:
        """Goes back to the state before the first id."""
        for name in self._states:
            self._step.set(name, self._step.blanks[name])

    def step(self, value: int) -> NDArray[np.float32]:
        """Feeds one id.

        Returns:
            Logits of the next event, ``(event_ids,)``.
        """
        step = self._step
        self._ids[0] = value
        step.set("ids", self._ids)
        step.invoke()
        logits: NDArray[np.float32] = step.get("logits")[0]
        for name in self._states:
            step.set(name, step.get(name))
        return logits


def _read_metadata(flatbuffer: bytes) -> tuple[dict[str, Any], dict[str, int]]:
    """Returns a program's description, and the subgraph of each of its signatures."""
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
                description = json.loads(held)
                if isinstance(description, dict):
                    return description, subgraphs
    except Exception as error:  # flatbuffers raises whatever damaged offsets hit
        raise BundleError("The bundle's LiteRT program is damaged; get it again.") from error
    raise BundleError("The bundle does not describe itself; export it with this version.")
