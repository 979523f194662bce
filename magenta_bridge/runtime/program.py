"""Runs an exported step program with LiteRT, on any number of threads."""

from __future__ import annotations

import json
import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.limits import BUNDLE_JSON_BYTES, check_limit
from magenta_bridge.runtime.interpreter import build_interpreter

DESCRIPTION_NAME: Final = "magenta_bridge.description"
_SIGNATURE: Final = "step"


class StepProgram:
    """A step program and its description, read-only.

    Threading: safe from any thread; each ``Session`` belongs to one thread at a time.

    Most damage is noticed, but LiteRT is native code that a rare flipped bit can crash: bytes
    from a file are to be checked against a checksum first, as ``read_bundle`` does.

    Args:
        flatbuffer: A LiteRT program with a signature ``step`` (``ids``, ``state_0``, ... to
            ``logits``, ``state_0``, ...).

    Raises:
        BundleError: The bytes are no such program.
    """

    def __init__(self, flatbuffer: bytes) -> None:
        if flatbuffer[4:8] != b"TFL3":
            raise BundleError("The bundle holds no LiteRT program; train or export it again.")
        self._flatbuffer = flatbuffer
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self.description = _read_description(flatbuffer)

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
        return Session(self._flatbuffer)

    def release(self, session: Session) -> None:
        """Takes a session back for the next caller, so that it need not be built again."""
        with self._lock:
            self._idle.append(session)


class Session:
    """One stream of steps: an interpreter with its state.

    Threading: one thread at a time. LiteRT lets go of the interpreter lock while it computes.

    Args:
        flatbuffer: As for ``StepProgram``.

    Attributes:
        logit_count: How many ids a step chooses among.

    Raises:
        BundleError: The program is damaged or has no step.
    """

    def __init__(self, flatbuffer: bytes) -> None:
        try:
            self._interpreter = build_interpreter(flatbuffer)
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
        """Notes which tensors hold ids, logits and state.

        The interpreter is driven by tensor numbers, since the signature runner copies and
        checks by name at a cost of several steps' arithmetic; nor may it live while steps run.
        """
        runner = self._interpreter.get_signature_runner(_SIGNATURE)
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        states = sorted(name for name in inputs if name != "ids")
        if "ids" not in inputs or "logits" not in outputs or not set(states) <= set(outputs):
            raise BundleError("The bundle's LiteRT program has no step; export it again.")
        self._ids = np.zeros(inputs["ids"]["shape"], dtype=inputs["ids"]["dtype"])
        self._ids_in: int = inputs["ids"]["index"]
        self._logits_out: int = outputs["logits"]["index"]
        self._moves = [(outputs[name]["index"], inputs[name]["index"]) for name in states]
        self._zeros = [
            (inputs[name]["index"], np.zeros(inputs[name]["shape"], dtype=inputs[name]["dtype"]))
            for name in states
        ]

    def reset(self) -> None:
        """Goes back to the state before the first id."""
        for tensor, zeros in self._zeros:
            self._interpreter.set_tensor(tensor, zeros)

    def step(self, value: int) -> NDArray[np.float32]:
        """Feeds one id.

        Returns:
            Logits of the next event, ``(event_ids,)``.
        """
        interpreter = self._interpreter
        self._ids[0] = value
        interpreter.set_tensor(self._ids_in, self._ids)
        interpreter.invoke()
        logits: NDArray[np.float32] = interpreter.get_tensor(self._logits_out)[0]
        for source, target in self._moves:
            interpreter.set_tensor(target, interpreter.get_tensor(source))
        return logits


def _read_description(flatbuffer: bytes) -> dict[str, Any]:
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.Model.GetRootAs(flatbuffer, 0)
        for index in range(model.MetadataLength()):
            entry = model.Metadata(index)
            if entry.Name() == DESCRIPTION_NAME.encode():
                held = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
                check_limit(BUNDLE_JSON_BYTES, len(held), where="bundle")
                description = json.loads(held)
                if isinstance(description, dict):
                    return description
    except Exception as error:  # flatbuffers raises whatever damaged offsets hit
        raise BundleError("The bundle's LiteRT program is damaged; get it again.") from error
    raise BundleError("The bundle does not describe itself; export it with this version.")
