"""Tells of music on its way from the generator to whoever asked for it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Protocol

from magenta_bridge.server.order import Order, Piece


class PieceObserver(Protocol):
    """Hears of the music that is written."""

    def wrote(self, generator_id: str, notes: int, seconds: float) -> None:
        """Hears of one piece; each variation ends with one that has no notes.

        Args:
            generator_id: Who wrote it.
            notes: How many new notes it has.
            seconds: By how much music, in seconds, the variation has grown.
        """


async def tell_pieces(
    pieces: AsyncGenerator[Piece, None], order: Order, observer: PieceObserver
) -> AsyncGenerator[Piece, None]:
    """Yields the pieces of an order, and tells of each before it is handed on.

    Closing this iterator closes ``pieces``.

    Args:
        pieces: What the order's work yields.
        order: What was asked for.
        observer: Who hears of it.
    """
    generator_id = order.generator.info.id
    variation, complete = -1, 0.0
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if piece.variation != variation:
                variation = piece.variation
                complete = order.options[variation].generate_sections[0].start_time
            grown = piece.complete_until - complete
            complete = piece.complete_until
            observer.wrote(generator_id, len(piece.chunk.notes), grown)
            yield piece
