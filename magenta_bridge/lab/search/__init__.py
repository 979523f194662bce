"""Search hyperparameters on your own music, and export the best network."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from magenta_bridge.errors import (
    InvalidArgumentError,
    NotFoundError,
    TrainingError,
    UnsupportedError,
)
from magenta_bridge.files import locked_folder
from magenta_bridge.lab import Callbacks, ignore, load_packages, never
from magenta_bridge.lab.search.folder import (
    HYPERPARAMETERS,
    MANIFEST,
    STUDY,
    check_manifest,
    music_digest,
    write_manifest,
)
from magenta_bridge.lab.train import read_music

if TYPE_CHECKING:
    from magenta_bridge.data.splits import Split
    from magenta_bridge.lab.search.space import Space
    from magenta_bridge.lab.search.study import ObjectiveStudy, Ranking, TrialSummary
    from magenta_bridge.training.checkpoint import Progress

_FAMILIES: Final = ("lstm", "gru", "rnn", "gan")
_DONE: Final = ("finished", "pruned")


@dataclass(frozen=True)
class SearchResult:
    """State of a search: what ``search`` returns, and what ``on_trial`` receives.

    Attributes:
        output: Folder of the search.
        rankings: The trials of each objective, best first.
        requested: Number of trials requested.
        manifest: Settings that determine the search.
        latest: The trial that has just begun or ended; None in a result.
        stopped: Whether ``stop`` or ``seconds`` ended the search early; the same call resumes.
    """

    output: Path
    rankings: Sequence[Ranking]
    requested: int
    manifest: Mapping[str, Any] = dataclasses.field(repr=False)
    latest: TrialSummary | None = None
    stopped: bool = False

    @property
    def best(self) -> Path | None:
        """Bundle of the best trial, by the first objective; None before it is exported."""
        winner = self.rankings[0].winner
        return self.output / winner["bundle"] if winner else None

    @property
    def trials(self) -> list[TrialSummary]:
        """All trials, best first within each objective."""
        return [row for each in self.rankings for row in each.trials]

    @property
    def done(self) -> int:
        """Number of trials that are finished or pruned."""
        return sum(row.state in _DONE for row in self.trials)

    @property
    def leaderboard(self) -> dict[str, Any]:
        """Settings and rankings, JSON-able, as in ``leaderboard.json``."""
        from magenta_bridge.lab.search.results import leaderboard_table

        return leaderboard_table(self.manifest, self.rankings)

    def __str__(self) -> str:
        parts = [f"{self.done} of {self.requested} trials are done in {self.output}"]
        if self.latest is not None:
            parts.append(str(self.latest))
        parts += [
            f"{self.output / each.winner['bundle']}: {each.finished[0]}. {each.winner['held_out']}"
            for each in self.rankings
            if each.winner
        ]
        return "; ".join(parts)


def search(
    data: str | Path,
    *,
    families: Sequence[str] = ("lstm", "gru"),
    encoding: str = "melody",
    trials: int = 20,
    seconds: float | None = None,
    epochs: int | None = None,
    output: str | Path = "runs/search",
    spaces: Callable[[str, str], Space] | None = None,
    on_file: Callable[[int], None] = ignore,
    on_batch: Callable[[int, int, int, int, float], None] = ignore,
    on_epoch: Callable[[Progress], None] = ignore,
    on_trial: Callable[[SearchResult], None] = ignore,
    on_message: Callable[[str], None] = ignore,
    stop: Callable[[], bool] = never,
) -> SearchResult:
    """Search hyperparameters, or resume an interrupted search, and export the best network.

    An interrupt costs at most the current epoch: the same call resumes in the middle of a trial.

    Args:
        data: Folder or archive of MIDI or MusicXML files.
        families: Families to try: ``lstm``, ``gru``, ``rnn``, ``gan``.
        encoding: Encoding; see ``train``.
        trials: Total number of finished or pruned trials, earlier calls included.
        seconds: Time limit of this call; it ends after the current epoch.
        epochs: Maximum number of epochs per trial; by default as ``train``.
        output: Folder for the winner, the leaderboard and all trials.
        spaces: Hyperparameters by family and encoding; by default ``space.space_for``.
        on_file: See ``train``.
        on_batch: See ``train``.
        on_epoch: See ``train``.
        on_trial: Called with the state of the search when a trial begins, and when it ends.
        on_message: See ``train``.
        stop: Checked after each batch; True stops the search before it exports a winner.

    Raises:
        MagentaBridgeError: Music or folder cannot be used, or no trial was finished.
    """
    deadline = time.monotonic() + (seconds or float("inf"))
    load_packages("A search", "keras", "tensorflow", "optuna")
    callbacks = Callbacks(on_file, on_batch, on_epoch, on_message, stop)
    corpus, folder = Path(data).expanduser(), Path(output).expanduser()
    families = _check(corpus, families, encoding, trials)
    from magenta_bridge.lab.search.study import storage_errors

    with locked_folder(folder, "search", proof=MANIFEST), storage_errors(folder / STUDY):
        split, studies, manifest = _open(
            corpus, folder, families, encoding, epochs=epochs, spaces=spaces, callbacks=callbacks
        )
        start = SearchResult(folder, (), trials, manifest)
        state = _run_trials(
            start, split, studies, deadline=deadline, callbacks=callbacks, on_trial=on_trial
        )
        if stop():
            return state
        return _export_winners(state, split, studies, corpus.name, on_message)


def _check(corpus: Path, families: Sequence[str], encoding: str, trials: int) -> tuple[str, ...]:
    """Check arguments before a folder is created; return the families in their usual order."""
    from magenta_bridge.lab.networks import check_kind
    from magenta_bridge.training.fit import EXPORTING_BACKEND, backend

    if backend() != EXPORTING_BACKEND:
        raise UnsupportedError(
            "A search exports its networks with TensorFlow; run it without "
            f"KERAS_BACKEND={backend()}."
        )
    if not families or trials < 1:
        raise InvalidArgumentError("A search requires at least one family and one trial.")
    for family in families:
        check_kind(family, encoding)
    if not corpus.exists():
        raise NotFoundError(f"There is no folder or archive {corpus}; name one with music.")
    return tuple(family for family in _FAMILIES if family in families)


def _open(
    corpus: Path,
    folder: Path,
    families: Sequence[str],
    encoding: str,
    *,
    epochs: int | None,
    spaces: Callable[[str, str], Space] | None,
    callbacks: Callbacks,
) -> tuple[Split, list[ObjectiveStudy], dict[str, Any]]:
    """Open the search in a folder, or create it; return music, studies and manifest."""
    from magenta_bridge.lab.search.space import space_for
    from magenta_bridge.lab.search.study import open_studies, space_text, usual_recipe

    spaces = spaces or space_for
    text = "\n".join(space_text(spaces(family, encoding)) for family in families)
    manifest: dict[str, Any] = {
        "families": list(families),
        "encoding": encoding,
        "epochs": epochs,
        HYPERPARAMETERS: hashlib.sha256(text.encode()).hexdigest(),
    }
    check_manifest(folder, manifest)
    split = read_music(corpus, usual_recipe(families[0], encoding), callbacks)
    manifest["music"] = music_digest(split)
    write_manifest(folder, manifest)
    studies = open_studies(folder / STUDY, families, encoding, split, epochs=epochs, spaces=spaces)
    return split, studies, manifest


def _run_trials(
    state: SearchResult,
    split: Split,
    studies: Sequence[ObjectiveStudy],
    *,
    deadline: float,
    callbacks: Callbacks,
    on_trial: Callable[[SearchResult], None],
) -> SearchResult:
    """Run trials, and write the leaderboard after each."""
    from magenta_bridge.lab.search.results import write_results
    from magenta_bridge.lab.search.trial import run_trials

    def current(latest: TrialSummary | None = None) -> SearchResult:
        rankings = [study.ranking() for study in studies]
        return dataclasses.replace(state, rankings=rankings, latest=latest)

    # TensorFlow warns about each new network that it has traced others.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    rows = run_trials(
        state.output, split, studies, trials=state.requested, deadline=deadline,
        callbacks=callbacks,
    )  # fmt: skip
    interrupted = True
    try:
        for row in rows:
            if row.state != "running":
                write_results(state.output, state.manifest, current().rankings)
            on_trial(current(row))
        interrupted = False
    finally:
        found = current()
        stopped = callbacks.stop() or (
            time.monotonic() >= deadline and found.done < found.requested
        )
        if interrupted or stopped:
            callbacks.on_message(
                f"{found.done} of {found.requested} trials are done and kept in {found.output}; "
                "repeat the same call to resume."
            )
    return dataclasses.replace(found, stopped=stopped)


def _export_winners(
    state: SearchResult,
    split: Split,
    studies: Sequence[ObjectiveStudy],
    data: str,
    on_message: Callable[[str], None],
) -> SearchResult:
    """Export the winner of each objective, and measure the speed of all finished trials."""
    from magenta_bridge.lab.search.results import export_winner, with_speeds, write_results

    rankings = []
    for study in studies:
        stem = "best" if study is studies[0] else f"best_{study.objective.families[0]}"
        rankings.append(
            export_winner(study, state.output, split, stem=stem, data=data, on_message=on_message)
        )
    rankings = with_speeds(state.output, rankings)
    write_results(state.output, state.manifest, rankings)
    if not any(each.winner for each in rankings):
        failed = [row.reason for row in state.trials if row.state == "failed"]
        raise TrainingError(
            f"No trial was finished; {len(failed)} failed, the last one: {failed[-1]}"
            if failed
            else "No trial was finished in that time; repeat the same call to resume."
        )
    return dataclasses.replace(state, rankings=rankings)
