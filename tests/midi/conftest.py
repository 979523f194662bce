"""A stage for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.midi.stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage that is cleared afterwards; nothing sounds then."""
    it = Stage()
    yield it
    it.end()
