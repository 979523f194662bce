"""Keras without TensorFlow's graphs, whose making takes longer than a few batches of training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import pytest


@contextmanager
def step_by_step() -> Iterator[None]:
    """Let networks learn and predict operation by operation.

    For tests of what is done with networks. That they can be graphs as well is shown where a
    command trains one of each family.
    """
    with pytest.MonkeyPatch.context() as patch:
        eager = property(lambda _: True, lambda *_: None)
        patch.setattr(keras.Model, "run_eagerly", eager)
        yield
