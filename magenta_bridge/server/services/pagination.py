"""Cut lists into pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from magenta_bridge.errors import InvalidArgumentError

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 100


def cut_page(ids: Sequence[str], page_size: int, page_token: str) -> tuple[list[str], str]:
    """Return one page of a sorted list, and the token of the next page.

    The token contains the last id of the page, so that ids are neither repeated nor skipped if the
    list changes between two pages.

    Args:
        ids: All ids, sorted.
        page_size: Maximum number of ids; 0 for 50, at most 100.
        page_token: Token of the page; empty for the first page.

    Returns:
        The ids of the page, and the next token, which is empty after the last page.

    Raises:
        InvalidArgumentError: The size is negative, or the token is invalid.
    """
    if page_size < 0:
        raise InvalidArgumentError(
            f"page_size must be 0 or more, got {page_size}.", field="page_size"
        )
    try:
        token = page_token.encode("ascii")
        after = base64.b64decode(token, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError):
        raise InvalidArgumentError(
            "page_token is invalid; start again without it.",
            field="page_token",
        ) from None
    rest = [name for name in ids if name > after]
    size = min(page_size or DEFAULT_PAGE, LARGEST_PAGE)
    page = rest[:size]
    if len(rest) <= size:
        return page, ""
    return page, base64.urlsafe_b64encode(page[-1].encode("utf-8")).decode("ascii")
