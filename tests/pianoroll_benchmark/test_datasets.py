"""Piano rolls of the published tables: the protocol, and the baselines, on cases done by hand."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy.io import savemat

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.pianoroll_benchmark import rolls
from magenta_bridge.pianoroll_benchmark.rolls import PITCHES, Roll, read_rolls
from magenta_bridge.pianoroll_benchmark.score import Markov, RollScore, Unigram, score_rolls


def roll(*frames: set[int]) -> Roll:
    """Return a roll in which these columns sound in turn."""
    made = np.zeros((len(frames), PITCHES), dtype=np.uint8)
    for frame, sounding in enumerate(frames):
        made[frame, list(sounding)] = 1
    return made


class Counting:
    """A model that asks as many nats for a frame as pitches sound in it."""

    def nats(self, piece: Roll) -> NDArray[np.float64]:
        """Count."""
        counts: NDArray[np.float64] = piece[1:].sum(axis=1).astype(np.float64)
        return counts


def test_first_frames_are_not_scored_and_every_other_weighs_the_same() -> None:
    """Of 1 and 3 predicted frames; a mean over pieces would be 2 where the right one is 1.5."""
    found = score_rolls(Counting(), [roll({1, 2}, {1, 2, 3}), roll({5}, {5}, set(), {5, 6})])
    assert found.frames.tolist() == [1, 3]
    assert found.nats.tolist() == [3.0, 3.0]
    assert found.nats_per_frame == 1.5


def test_a_piece_of_one_frame_has_no_predictions() -> None:
    assert score_rolls(Counting(), [roll({1}), roll({1}, {1})]).frames.tolist() == [1]


def test_a_unigram_counts_all_frames() -> None:
    """Column 0 sounds in two of four frames, 1 in three; half a count for each side."""
    model = Unigram([roll({0, 1}, {0}), roll({1}, {1})])
    silent = -(PITCHES - 2) * math.log(1.0 - 0.5 / 5.0)
    (nats,) = model.nats(roll({7}, {0}))
    assert nats == pytest.approx(-math.log(2.5 / 5.0) - math.log(1.0 - 3.5 / 5.0) + silent)


def test_a_markov_chain_counts_what_follows() -> None:
    """Column 0 sounds on in one of two frames; behind silence nothing ever begins."""
    model = Markov([roll({0}, {0}, set()), roll(set(), set())])
    quiet = -math.log(1.0 - 0.5 / 4.0) * (PITCHES - 1)
    on, off = model.nats(roll({0}, {0}, set()))
    assert on == pytest.approx(-math.log(1.5 / 3.0) + quiet)
    assert off == pytest.approx(-math.log(1.0 - 1.5 / 3.0) + quiet)
    (begins,) = model.nats(roll(set(), {0}))
    assert begins == pytest.approx(-math.log(0.5 / 2.0) + quiet)


def test_the_interval_holds_the_mean_and_shrinks_with_more_pieces() -> None:
    rng = np.random.default_rng(3)
    few, many = (
        RollScore(rng.uniform(50, 150, n), np.full(n, 10, dtype=np.int64)) for n in (10, 1000)
    )
    for score in (few, many):
        low, high = score.interval()
        assert low < score.nats_per_frame < high
        assert score.interval() == (low, high)
    assert np.diff(many.interval())[0] < np.diff(few.interval())[0] / 3


def test_equal_pieces_leave_nothing_to_doubt() -> None:
    low, high = RollScore(np.full(5, 20.0), np.full(5, 4, dtype=np.int64)).interval()
    assert (low, high) == (5.0, 5.0)


def write_mat(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a small dataset as the public files are made, and has it taken for the real one."""
    pieces = [roll({0}, {0}, {1}), roll({1}, {0})]
    cells = np.empty((1, 2), dtype=object)
    cells[0, :] = [piece.astype(np.float64) for piece in pieces]
    path = folder / "JSB_Chorales.mat"
    savemat(path, {f"{side}data": cells for side in ("train", "valid", "test")})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(rolls._DIGESTS, "JSB_Chorales", digest)


def test_a_file_is_read_as_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mat(tmp_path, monkeypatch)
    split = read_rolls(tmp_path, "JSB_Chorales")
    for side in (split.train, split.validation, split.test):
        assert [piece.shape for piece in side] == [(3, PITCHES), (2, PITCHES)]
        assert side[0].tolist() == roll({0}, {0}, {1}).tolist()
        assert side[0].dtype == np.uint8


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="Get the file from https://"):
        read_rolls(tmp_path, "JSB_Chorales")
    (tmp_path / "JSB_Chorales.mat").write_bytes(b"MATLAB 5.0 MAT-file, or is it?")
    with pytest.raises(FileFormatError, match="not the file that results are published on"):
        read_rolls(tmp_path, "JSB_Chorales")
    with pytest.raises(NotFoundError, match="There is no dataset Bach"):
        read_rolls(tmp_path, "Bach")


def test_the_command_says_the_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mat(tmp_path, monkeypatch)
    words = ["benchmark", "poly", "--data", str(tmp_path), "--dataset", "JSB_Chorales"]
    words += ["--baseline", "unigram"]
    split = read_rolls(tmp_path, "JSB_Chorales")
    expected = score_rolls(Unigram(split.train), split.test).nats_per_frame
    people = CliRunner().invoke(magenta_bridge, words)
    assert people.exit_code == 0
    assert f"unigram {expected:.2f} nats per frame" in people.output
    assert "3 frames of 2 pieces" in people.output
    found = json.loads(CliRunner().invoke(magenta_bridge, [*words, "--json"]).output)
    assert found["nats_per_frame"] == pytest.approx(expected)
    assert (found["frames"], found["pieces"]) == (3, 2)
