"""Cuts a list into the pages that a client asks for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from magenta_bridge.errors import InvalidArgumentError

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 100


def cut_page(ids: Sequence[str], page_size: int, page_token: str) -> tuple[list[str], str]:
    """Returns one page of a sorted list, and the token of the next.

    The token holds the last id of the page, so that a list which changes between two pages
    neither repeats nor skips what stayed.

    Args:
        ids: All ids, sorted.
        page_size: Most ids wanted; 0 for 50, more than 100 is taken for 100.
        page_token: Token from the page before; empty for the first.

    Returns:
        The ids of the page, and the next token, empty after the last page.

    Raises:
        InvalidArgumentError: The size is negative, or the token is not one of ours.
    """
    if page_size < 0:
        raise InvalidArgumentError(
            f"page_size must be 0 or more, got {page_size}.", field="page_size"
        )
    after = _read_token(page_token)
    rest = [name for name in ids if name > after]
    size = min(page_size or DEFAULT_PAGE, LARGEST_PAGE)
    page = rest[:size]
    return page, _write_token(page[-1]) if len(rest) > size else ""


def _write_token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode("utf-8")).decode("ascii")


def _read_token(token: str) -> str:
    try:
        return base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode(
            "utf-8"
        )
    except (binascii.Error, UnicodeError):
        raise InvalidArgumentError(
            "page_token is not one that this server gave; begin again without it.",
            field="page_token",
        ) from None
