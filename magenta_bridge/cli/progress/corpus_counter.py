"""Music being read, as one sees it: files are counted while it lasts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Final

import click

from magenta_bridge.data.corpus import CorpusReport

_EVERY: Final = 10
_BLANK: Final = "\r" + " " * 32 + "\r"


class _CountingReport(CorpusReport):
    """Says how many files have been read, on one line that is written over."""

    def note_read(self) -> None:
        """Counts a piece."""
        super().note_read()
        if self.read % _EVERY == 0:
            click.echo(f"\r  {self.read:,} files read", nl=False, err=True)


@contextlib.contextmanager
def count_files() -> Iterator[CorpusReport]:
    """Yields a report that counts on a terminal, on standard error; elsewhere it is silent."""
    if not sys.stderr.isatty():
        yield CorpusReport()
        return
    try:
        yield _CountingReport()
    finally:
        click.echo(_BLANK, nl=False, err=True)
