"""The public names of ``magenta_bridge``."""

from __future__ import annotations

import importlib.metadata

import pytest

import magenta_bridge
from magenta_bridge.errors import error_classes


def test_the_public_names_are_sorted_and_unique() -> None:
    assert list(magenta_bridge.__all__) == sorted(set(magenta_bridge.__all__))


def test_every_error_class_is_public() -> None:
    names = {cls.__name__ for cls in error_classes().values()}
    assert names <= set(magenta_bridge.__all__)


@pytest.mark.parametrize("name", magenta_bridge.__all__)
def test_every_public_name_resolves_and_is_documented(name: str) -> None:
    """Each name in ``__all__`` loads, and each that is not a library's has a docstring."""
    value = getattr(magenta_bridge, name)
    is_ours = getattr(value, "__module__", "").startswith("magenta_bridge")
    assert not is_ours or (value.__doc__ or "").strip()


def test_the_star_import_binds_exactly_the_public_names() -> None:
    """``from magenta_bridge import *`` works although the names are lazy."""
    names: dict[str, object] = {}
    exec("from magenta_bridge import *", names)  # noqa: S102
    assert set(names) - {"__builtins__"} == set(magenta_bridge.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Cleint'"):
        magenta_bridge.Cleint  # noqa: B018


def test_the_version_is_that_of_the_installed_package() -> None:
    assert magenta_bridge.__version__ == importlib.metadata.version("magenta-bridge")
