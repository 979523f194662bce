"""Pages of a list: each id once, for any page size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.server.services.pagination import cut_page

NAMES = st.lists(st.text(min_size=1), unique=True, max_size=120).map(sorted)


@given(NAMES, st.integers(0, 200))
def test_the_pages_contain_every_id_once_and_in_order(names: list[str], size: int) -> None:
    found: list[str] = []
    token = ""
    while True:
        page, token = cut_page(names, size, token)
        assert len(page) <= min(size or 50, 100)
        found.extend(page)
        if not token:
            break
    assert found == names


def test_a_list_that_changes_between_pages_neither_repeats_nor_skips() -> None:
    page, token = cut_page(["a", "b", "c", "d"], 2, "")
    assert page == ["a", "b"]
    assert cut_page(["a", "aa", "c", "d"], 2, token) == (["c", "d"], "")


@pytest.mark.parametrize("token", ["?", "a", "ü", "/w==", "AAAA\n"])
def test_an_invalid_token_is_an_error(token: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        cut_page(["a"], 0, token)
    assert caught.value.field == "page_token"
