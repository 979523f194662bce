"""Names for what Keras leaves untyped."""

from __future__ import annotations

from typing import Any, TypeAlias

Tensor: TypeAlias = Any  # each of Keras's backends has its own
State: TypeAlias = list[Tensor]
