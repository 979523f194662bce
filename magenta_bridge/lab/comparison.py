"""Measure several bundles on music that is held out from all of them."""

from __future__ import annotations

import datetime
import hashlib
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Final

from magenta_bridge import __version__
from magenta_bridge.data.corpus import CorpusReport, digest_of
from magenta_bridge.data.dataset import Dataset, dataset_for
from magenta_bridge.data.splits import Split, deal, load_tunes
from magenta_bridge.errors import InvalidArgumentError, TrainingError, UnsupportedError
from magenta_bridge.evaluation.features.base import FeatureSet
from magenta_bridge.evaluation.features.registry import features_for
from magenta_bridge.evaluation.likelihood import Piece, StepLikelihoods
from magenta_bridge.evaluation.ngram import score_baselines
from magenta_bridge.evaluation.report import comparison
from magenta_bridge.evaluation.report.latency import speeds_of
from magenta_bridge.evaluation.report.listening import choose_passage, listen
from magenta_bridge.evaluation.report.music_metrics import MusicFigures
from magenta_bridge.evaluation.report.paired_likelihood import PairedLikelihood, align_steps
from magenta_bridge.evaluation.report.sample_sets import MusicSets
from magenta_bridge.files import read_beginning, read_limited
from magenta_bridge.generators.bundle import Bundle, read_bundle
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import find_bundle_file, load_generator
from magenta_bridge.lab import FileCounter
from magenta_bridge.lab.evaluate import score_examples
from magenta_bridge.lab.metadata import encode_examples, recipe_of_split, settings_of
from magenta_bridge.limits import BUNDLE_BYTES
from magenta_bridge.recipe import DataRecipe

_PACKAGES: Final = ("ai-edge-litert", "numpy", "scipy", "keras", "tensorflow")
_LARGEST_CURVE: Final = 1 << 22  # bytes, ten times that of a curve
_PNG: Final = b"\x89PNG\r\n\x1a\n"
# Shares for music that no bundle was trained on: half of it can be held out.
_NEW_MUSIC: Final = DataRecipe(validation_share=0.1, test_share=0.5)


@dataclass(frozen=True)
class Entry:
    """One bundle, loaded.

    Attributes:
        name: Its name in the report, unique.
        path: Its file.
        bundle: Content of the file.
        generator: The generator, loaded from the file.
        sha256: Digest of the file, hexadecimal.
        curve: The learning curve beside the file, PNG; None if there is none.
    """

    name: str
    path: Path
    bundle: Bundle
    generator: SequenceGenerator
    sha256: str
    curve: bytes | None


def read_entries(names: Sequence[str | Path]) -> list[Entry]:
    """Load the bundles of a comparison.

    Raises:
        NotFoundError: A bundle does not exist.
        BundleError: A bundle is damaged.
        InvalidArgumentError: There are fewer than two, two are the same, or their encodings
            differ.
    """
    if len(names) < 2:
        raise InvalidArgumentError("Name at least two bundles.")
    paths = [find_bundle_file(str(Path(name).expanduser())) for name in names]
    digests = [
        hashlib.sha256(read_limited(path, BUNDLE_BYTES, advice="give a .mag file")).hexdigest()
        for path in paths
    ]
    for index, digest in enumerate(digests):
        first = digests.index(digest)
        if first < index:
            raise InvalidArgumentError(
                f"{names[first]} and {names[index]} are the same bundle; name each one once."
            )
    bundles = [read_bundle(path) for path in paths]
    first_encoding = bundles[0].metadata.get("encoding")
    for other in bundles[1:]:
        if other.metadata.get("encoding") != first_encoding:
            raise InvalidArgumentError(
                f"{bundles[0].id} has the encoding {first_encoding}, {other.id} has "
                f"{other.metadata.get('encoding')}; name bundles of one encoding."
            )
    return [
        Entry(name, path, bundle, load_generator(path), digest, _curve_beside(path))
        for name, path, bundle, digest in zip(
            _unique_names(bundles, paths), paths, bundles, digests, strict=True
        )
    ]


def _unique_names(bundles: Sequence[Bundle], paths: Sequence[Path]) -> list[str]:
    """Return the ids, with the name of the file appended to equal ones."""
    counts = Counter(bundle.id for bundle in bundles)
    names = [
        bundle.id if counts[bundle.id] == 1 else f"{bundle.id} ({path.stem})"
        for bundle, path in zip(bundles, paths, strict=True)
    ]
    again = Counter(names)
    return [
        name if again[name] == 1 else f"{name} {number}"
        for number, name in enumerate(names, start=1)
    ]


def _curve_beside(path: Path) -> bytes | None:
    try:
        data = read_beginning(path.with_suffix(".png"), _LARGEST_CURVE)
    except OSError:
        return None
    return data if data.startswith(_PNG) else None


@dataclass(frozen=True)
class SharedSplit:
    """The music of a comparison.

    Attributes:
        split: The music; its test side is held out from all bundles.
        trained_on: Whether each bundle was trained on this music; None if it does not state it.
        sha256: Digest of the music.
    """

    split: Split
    trained_on: list[bool | None]
    sha256: str


def shared_split(bundles: Sequence[Bundle], data: Path, report: CorpusReport) -> SharedSplit:
    """Read music and split it so that no bundle was trained on the test side.

    Raises:
        MagentaBridgeError: The music cannot be used, or nothing is held out from all bundles.
    """
    recipes = [recipe_of_split(bundle.id, bundle.metadata) for bundle in bundles]
    digest = digest_of(data)
    trained_on = [
        recipe.data.sha256 == digest if recipe.data.sha256 else None for recipe in recipes
    ]
    tunes = load_tunes(recipes[0].bundle.encoding, data, report)
    splitters = {
        (recipe.training.seed, recipe.data.validation_share, recipe.data.test_share): recipe
        for recipe, known in zip(recipes, trained_on, strict=True)
        if known is not False
    }.values() or [replace(recipes[0], data=_NEW_MUSIC)]
    splits = [deal(recipe, tunes, data) for recipe in splitters]
    return SharedSplit(_held_out_from_all(splits, data), trained_on, digest)


def _held_out_from_all(splits: Sequence[Split], data: Path) -> Split:
    """Return the common test and training pieces of all splits; the rest is validation."""
    first, *others = splits
    if not others:
        return first
    tests, trains = (
        [{tune.name for tune in getattr(split, side)} for split in splits]
        for side in ("test", "train")
    )
    test, train = set.intersection(*tests), set.intersection(*trains)
    tunes = [*first.train, *first.validation, *first.test]
    common = Split(
        train=[tune for tune in tunes if tune.name in train],
        validation=[tune for tune in tunes if tune.name not in test | train],
        test=[tune for tune in tunes if tune.name in test],
    )
    if not common.test or not common.train:
        raise UnsupportedError(
            f"These bundles were trained on different parts of {data}, so no piece is held out "
            "from all of them; use music that none of them was trained on."
        )
    return common


@dataclass(frozen=True)
class _Dataset:
    """The pieces that all bundles are measured on."""

    dataset: Dataset
    features: FeatureSet
    shared: SharedSplit

    def inputs(self, side: str) -> list[Piece]:
        return encode_examples(self.dataset, getattr(self.shared.split, side))


def measure(
    bundles: Sequence[str | Path],
    data: Path,
    samples: int,
    on_file: Callable[[int], None],
    on_message: Callable[[str], None],
) -> comparison.Comparison:
    """Measure bundles; see ``compare.compare``."""
    entries = read_entries(bundles)
    on_message(f"Reading {data} ...")
    with FileCounter(on_file, on_message) as report:
        shared = shared_split([each.bundle for each in entries], data, report)
    encoding = str(entries[0].bundle.metadata["encoding"])
    dataset = _Dataset(dataset_for(encoding), features_for(encoding), shared)
    scored, likelihoods = _likelihoods(entries, dataset, data, on_message)
    music, samples_of = _music(entries, dataset, samples, on_message)
    on_message("Measuring speed and memory ...")
    speeds = speeds_of({each.name: (each.bundle, each.path) for each in entries}, encoding)
    on_message("Generating the passages to listen to ...")
    return comparison.Comparison(
        data=_data(data, report, dataset, music.length, len(scored)),
        models=[
            _result(
                each,
                trained_on,
                likelihoods[each.name],
                samples_of[each.name],
                speeds[each.name],
            )
            for each, trained_on in zip(entries, shared.trained_on, strict=True)
        ],
        baselines={name: each for name, each in likelihoods.items() if name not in samples_of},
        held_out=music.held_out,
        human=music.human,
        listening=_listening(entries, dataset, scored),
        samples=samples,
        versions=_versions(),
        date=datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
    )


def _likelihoods(
    entries: Sequence[Entry],
    dataset: _Dataset,
    data: Path,
    on_message: Callable[[str], None],
) -> tuple[list[int], dict[str, PairedLikelihood]]:
    """Return which test pieces all bundles can score, and the sums of bundles and n-grams."""
    test, noun = dataset.shared.split.test, dataset.dataset.noun
    scores: dict[str, Sequence[StepLikelihoods | None]] = {}
    for each in entries:
        on_message(f"Scoring {each.name} on held-out {noun}: {len(test):,} ...")
        scores[each.name] = score_examples(each.bundle, test)
    on_message("Scoring n-grams ...")
    train, valid, pieces = map(dataset.inputs, ("train", "validation", "test"))
    baselines = score_baselines(train, valid, pieces, dataset.dataset)
    scored, aligned = align_steps(
        {**scores, **baselines}, [tune.ids for tune in test], dataset.features.note_onsets
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
        dataset.features,
        held_out=pieces,
        others=[*dataset.inputs("validation"), *train],
        learned=train,
        most=samples,
    )
    generated = {}
    for each in entries:
        on_message(f"Generating {samples:,} samples with {each.name} ...")
        generated[each.name] = sets.measure(dataset.features.drawn(each.generator, pieces, samples))
    return sets, generated


def _result(
    each: Entry,
    trained_on: bool | None,
    likelihood: PairedLikelihood,
    music: MusicFigures,
    speed: comparison.Speed,
) -> comparison.ModelResult:
    return comparison.ModelResult(
        name=each.name,
        family=str(each.bundle.metadata["family"]),
        description=each.bundle.description,
        details=each.bundle.details,
        file=each.path.name,
        sha256=each.sha256,
        size_bytes=each.path.stat().st_size,
        trained_on=trained_on,
        settings=settings_of(each.generator),
        likelihood=likelihood,
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
        noun=dataset.dataset.noun,
        unit=dataset.dataset.unit,
        encoding=dataset.dataset.encoding,
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
    pieces, encoding = dataset.inputs("test"), dataset.dataset.encoding
    index, passage = choose_passage(
        [dataset.features.whole(pieces[each]) for each in scored], encoding
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
