"""Every test with a generator runs with each shipped one."""

from __future__ import annotations

import pytest

from magenta_bridge.generators.generator import SequenceGenerator
from tests.generators.section_checks import melodist_ids, registry, shipped_ids


@pytest.fixture(params=shipped_ids(), scope="session")
def generator(request: pytest.FixtureRequest) -> SequenceGenerator:
    """Each shipped generator in turn."""
    return registry().get(request.param)


@pytest.fixture(params=melodist_ids(), scope="session")
def melodist(request: pytest.FixtureRequest) -> SequenceGenerator:
    """Each shipped generator that writes melodies note by note."""
    return registry().get(request.param)
