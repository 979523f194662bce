"""Compare bundles on held-out music: likelihood, music, speed, and a passage to listen to."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from magenta_bridge import __version__
from magenta_bridge.data.corpus import CorpusReport
from magenta_bridge.data.dataset import Material
from magenta_bridge.data.registry import material_for
from magenta_bridge.errors import InvalidArgumentError, TrainingError
from magenta_bridge.evaluation.features.base import Idiom
from magenta_bridge.evaluation.features.registry import idiom_of
from magenta_bridge.evaluation.likelihood import Piece, StepLikelihoods
from magenta_bridge.evaluation.ngram import score_baselines
from magenta_bridge.evaluation.report import comparison
from magenta_bridge.evaluation.report.blocks import MAKER
from magenta_bridge.evaluation.report.latency import speeds_of
from magenta_bridge.evaluation.report.listening import choose_passage, listen
from magenta_bridge.evaluation.report.music_metrics import MusicFigures
from magenta_bridge.evaluation.report.paired_likelihood import Told, align_steps
from magenta_bridge.evaluation.report.report import figures_of, page_of
from magenta_bridge.evaluation.report.sample_sets import MusicSets
from magenta_bridge.evaluation.report.summary import by_likelihood
from magenta_bridge.files import ready_folder, save_bytes
from magenta_bridge.lab import FileCounter, ignore, load_packages
from magenta_bridge.lab.compare_inputs import Entry, SharedSplit, read_entries, shared_split
from magenta_bridge.lab.evaluate import score_examples
from magenta_bridge.lab.metadata import encode_examples, settings_of

_PACKAGES: Final = ("ai-edge-litert", "numpy", "scipy", "keras", "tensorflow")
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
        return [
            {
                "name": each.name,
                "family": each.family,
                "nll": each.told.nats_per_step.mean,
                "bits_per_note": each.told.bits_per_note.mean,
                "accuracy": each.told.accuracy.mean,
                "step_us": each.speed.step_us,
                "clip_s": each.speed.clip_s,
                "file": each.file,
            }
            for each in by_likelihood(self._found)
        ]

    @property
    def figures(self) -> dict[str, Any]:
        """All numbers of the page, JSON-able."""
        return figures_of(self._found)

    def to_html(self, path: str | Path) -> Path:
        """Write the page, one self-contained HTML file; an earlier page is replaced.

        Raises:
            MagentaBridgeError: See ``check_page``.
        """
        page = check_page(path)
        save_bytes(page, page_of(self._found).encode())
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
    try:
        with path.open("rb") as file:
            return MAKER.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


@dataclass(frozen=True)
class _Dataset:
    """The pieces that all bundles are measured on."""

    material: Material
    idiom: Idiom
    shared: SharedSplit

    def inputs(self, side: str) -> list[Piece]:
        return encode_examples(self.material, getattr(self.shared.split, side))


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
    entries, corpus = read_entries(bundles), Path(data).expanduser()
    on_message(f"Reading {corpus} ...")
    report = FileCounter(on_file)
    shared = shared_split([each.bundle for each in entries], corpus, report)
    encoding = str(entries[0].bundle.traits["encoding"])
    dataset = _Dataset(material_for(encoding), idiom_of(encoding), shared)
    scored, likelihoods = _likelihoods(entries, dataset, corpus, on_message)
    music, samples_of = _music(entries, dataset, samples, on_message)
    on_message("Measuring speed and memory ...")
    speeds = speeds_of({each.name: (each.bundle, each.path) for each in entries}, encoding)
    on_message("Generating the passages to listen to ...")
    return Comparison(
        comparison.Comparison(
            data=_data(corpus, report, dataset, music.length, len(scored)),
            contenders=[
                _result(
                    each, trained_on, likelihoods[each.name], samples_of[each.name],
                    speeds[each.name],
                )
                for each, trained_on in zip(entries, shared.trained_on, strict=True)
            ],
            floors={
                name: each for name, each in likelihoods.items() if name not in samples_of
            },
            held_out=music.held_out,
            people=music.people,
            listening=_listening(entries, dataset, scored),
            samples=samples,
            versions=_versions(),
            date=datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        )
    )  # fmt: skip


def _likelihoods(
    entries: Sequence[Entry],
    dataset: _Dataset,
    data: Path,
    on_message: Callable[[str], None],
) -> tuple[list[int], dict[str, Told]]:
    """Return which test pieces all bundles can score, and the sums of bundles and n-grams."""
    test, noun = dataset.shared.split.test, dataset.material.noun
    scores: dict[str, Sequence[StepLikelihoods | None]] = {}
    for each in entries:
        on_message(f"Scoring {each.name} on held-out {noun}: {len(test):,} ...")
        scores[each.name] = score_examples(each.bundle, test)
    on_message("Scoring n-grams ...")
    train, valid, pieces = map(dataset.inputs, ("train", "validation", "test"))
    baselines = score_baselines(train, valid, pieces, dataset.material)
    scored, aligned = align_steps(
        {**scores, **baselines}, [tune.ids for tune in test], dataset.idiom.begun
    )
    if not scored:
        raise TrainingError(
            f"None of the {len(test)} held-out {noun} of {data} can be scored by all of these "
            "bundles (adversarial ones require bars of 12 or 16 sixteenths); add more music."
        )
    return scored, dict(aligned)


def _music(
    entries: Sequence[Entry],
    dataset: _Dataset,
    samples: int,
    on_message: Callable[[str], None],
) -> tuple[MusicSets, dict[str, MusicFigures]]:
    pieces, train = dataset.inputs("test"), dataset.inputs("train")
    sets = MusicSets(
        dataset.idiom,
        held_out=pieces,
        others=[*dataset.inputs("validation"), *train],
        learned=train,
        most=samples,
    )
    generated = {}
    for each in entries:
        on_message(f"Generating {samples:,} samples with {each.name} ...")
        generated[each.name] = sets.measure(dataset.idiom.drawn(each.generator, pieces, samples))
    return sets, generated


def _result(
    each: Entry,
    trained_on: bool | None,
    likelihood: Told,
    music: MusicFigures,
    speed: comparison.Speed,
) -> comparison.ModelResult:
    return comparison.ModelResult(
        name=each.name,
        family=str(each.bundle.traits["family"]),
        description=each.bundle.description,
        details=each.bundle.details,
        file=each.path.name,
        sha256=each.sha256,
        size_bytes=each.path.stat().st_size,
        heard=trained_on,
        settings=settings_of(each.generator),
        told=likelihood,
        music=music,
        speed=speed,
        curve=each.curve,
    )


def _data(
    data: Path, report: CorpusReport, dataset: _Dataset, length: str, scored: int
) -> comparison.Data:
    split = dataset.shared.split
    return comparison.Data(
        name=data.resolve().name,
        files=report.read,
        refused=len(report.refused),
        noun=dataset.material.noun,
        unit=dataset.material.unit,
        encoding=dataset.material.encoding,
        train=len(split.train),
        validation=len(split.validation),
        test=len(split.test),
        scored=scored,
        length=length,
        sha256=dataset.shared.sha256,
    )


def _listening(
    entries: Sequence[Entry], dataset: _Dataset, scored: Sequence[int]
) -> comparison.Listening:
    pieces, encoding = dataset.inputs("test"), dataset.material.encoding
    index, passage = choose_passage(
        [dataset.idiom.whole(pieces[each]) for each in scored], encoding
    )
    chosen = dataset.shared.split.test[scored[index]]
    title = f"“{chosen.title}”" if chosen.title else Path(chosen.name.partition("#")[0]).name
    return listen(title, passage, encoding, {each.name: each.generator for each in entries})


def _versions() -> Mapping[str, str]:
    """Return versions by name; packages that are not installed are omitted."""
    found = {"Magenta Bridge": __version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    found["computer"] = f"{platform.system()}, {platform.machine()}"
    return found
