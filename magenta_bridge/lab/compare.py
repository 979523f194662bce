"""Compare bundles on held-out music: likelihood, music, speed, and a passage to listen to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.files import ready_folder, save_text
from magenta_bridge.lab import ignore, load_packages

if TYPE_CHECKING:
    from magenta_bridge.evaluation.report import comparison

_SUFFIXES: Final = (".html", ".htm")
_HEAD_BYTES: Final = 1000


class Comparison:
    """Result of ``compare``.

    Args:
        found: What the page shows.
    """

    def __init__(self, found: comparison.Comparison) -> None:
        self._found = found

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each bundle, lowest negative log-likelihood first.

        ``name``, ``family``, ``nll`` (nats per step), ``bits_per_note``, ``accuracy`` (0..1),
        ``step_us`` (microseconds per step), ``clip_s`` (seconds per clip), ``file``.
        """
        from magenta_bridge.evaluation.report.summary import by_likelihood

        return [
            {
                "name": each.name,
                "family": each.family,
                "nll": each.likelihood.nats_per_step.mean,
                "bits_per_note": each.likelihood.bits_per_note.mean,
                "accuracy": each.likelihood.accuracy.mean,
                "step_us": each.speed.step_us,
                "clip_s": each.speed.clip_s,
                "file": each.file,
            }
            for each in by_likelihood(self._found)
        ]

    @property
    def figures(self) -> dict[str, Any]:
        """All numbers of the page, JSON-able."""
        from magenta_bridge.evaluation.report.figures import figures_of

        return figures_of(self._found)

    def to_html(self, path: str | Path) -> Path:
        """Write the page, one self-contained HTML file; an earlier page is replaced.

        Raises:
            MagentaBridgeError: See ``check_page``.
        """
        from magenta_bridge.evaluation.report.page import page_of

        page = check_page(path)
        save_text(page, page_of(self._found))
        return page

    def __str__(self) -> str:
        return "\n".join(
            f"{row['name']}: {row['nll']:.4f} nats per step, {row['bits_per_note']:.2f} bits per "
            f"note, {row['step_us']:.0f} µs per step"
            for row in self.rows
        )


def check_page(path: str | Path) -> Path:
    """Return the path with ~ expanded, after checking that a page can be written there.

    Raises:
        InvalidArgumentError: It is a folder, not an .html file, or a file that is not a page of
            an earlier comparison.
        NotFoundError: Its folder cannot be created or is not writable.
    """
    page = Path(path).expanduser()
    if page.is_dir():
        raise InvalidArgumentError(f"{page} is a folder; name an .html file in it.")
    if page.suffix.lower() not in _SUFFIXES:
        raise InvalidArgumentError(f"{page} must end in {' or '.join(_SUFFIXES)}.")
    if page.exists() and not _is_page(page):
        raise InvalidArgumentError(
            f"{page} is not a page of an earlier comparison; choose another name."
        )
    ready_folder(page.parent)
    return page


def _is_page(path: Path) -> bool:
    from magenta_bridge.evaluation.report.page import MAKER

    try:
        with path.open("rb") as file:
            return MAKER.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def compare(
    bundles: Sequence[str | Path],
    data: str | Path,
    *,
    samples: int = 100,
    on_file: Callable[[int], None] = ignore,
    on_message: Callable[[str], None] = ignore,
) -> Comparison:
    """Compare bundles of one encoding on music that is held out from all of them.

    Args:
        bundles: At least two ``.mag`` files, or names of shipped bundles.
        data: Folder or archive of music.
        samples: Pieces to generate with each bundle.
        on_file: Called with the number of files read so far.
        on_message: Called with a sentence before each stage.

    Raises:
        MagentaBridgeError: Bundles or music cannot be used.
    """
    load_packages("A comparison", "jinja2", "scipy")
    from magenta_bridge.lab.comparison import measure

    return Comparison(measure(bundles, Path(data).expanduser(), samples, on_file, on_message))
