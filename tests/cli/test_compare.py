"""``magenta-bridge compare``: one page, opened in a real browser; JSON; errors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from magenta_bridge.lab.compare import compare
from tests.cli.browser import complaints, open_browser, requested, resize
from tests.cli.program import ROOT, call_program, run_program
from tests.evaluation.report.test_page import HEADINGS

TUNES = ROOT / "tests" / "data" / "midi"
BUNDLES = [ROOT / "models" / family / f"{family}_melody.mag" for family in ("lstm", "gru", "gan")]
MOST_BYTES = 10 << 20
pytestmark = pytest.mark.timeout(300)  # TensorFlow starts in half of the runs
READY = 1  # HTMLMediaElement.HAVE_METADATA


@dataclass(frozen=True)
class Written:
    """What one run left behind."""

    page: Path
    figures: dict[str, Any]
    messages: str


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The page of the three melody bundles on tunes that none of them was trained on."""
    page = tmp_path_factory.mktemp("out") / "new" / "report.html"
    result = run_program(
        "compare", *BUNDLES, "--data", TUNES, "-o", page, "--samples", "6", "--json", timeout=280
    )
    assert result.returncode == 0, result.stderr
    return Written(page, json.loads(result.stdout), result.stderr)


@pytest.fixture(scope="module")
def window(written: Written) -> Iterator[webdriver.Chrome]:
    """A browser that shows the page."""
    with open_browser() as browser:
        browser.get(written.page.as_uri())
        yield browser


def test_the_figures_are_those_of_the_bundles_on_common_pieces(written: Written) -> None:
    found = written.figures
    assert "Reading" in written.messages
    assert f"Wrote {written.page}." in written.messages
    assert sorted(found["bundles"]) == ["gan_melody", "gru_melody", "lstm_melody"]
    assert found["data"]["encoding"] == "melody"
    sums = [each["likelihood"]["pieces"] for each in found["bundles"].values()]
    for name in ("steps", "notes"):
        assert sums[0][name] == sums[1][name] == sums[2][name]
    assert len(sums[0]["steps"]) == found["data"]["scored"] >= 6
    for each in found["bundles"].values():
        assert each["trained_on_this"] is False
        assert each["music"]["pieces"] == len(each["music"]["longest_runs"]) == 6
        assert each["speed"]["step_us"] > 0
        value = each["likelihood"]["bits_per_note"]
        assert value["low"] <= value["mean"] <= value["high"]
    floors = [each["bits_per_note"]["mean"] for each in found["baselines"].values()]
    best = found["bundles"][found["ranking"][0]]["likelihood"]["bits_per_note"]["mean"]
    assert best < min(floors)


def test_the_page_is_complete_and_loads_nothing_else(
    written: Written, window: webdriver.Chrome
) -> None:
    assert written.page.stat().st_size < MOST_BYTES
    headings = [each.text for each in window.find_elements(By.TAG_NAME, "h2")]
    assert headings == HEADINGS
    assert {url.partition(":")[0] for url in requested(window)} <= {"file", "data"}
    assert complaints(window) == []
    assert window.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"


def test_the_summary_mentions_few_pieces_and_new_music(window: webdriver.Chrome) -> None:
    summary = window.find_element(By.ID, "summary").text
    assert "That is little" in summary
    assert "None of these models was trained on this music" in summary


def test_every_figure_is_explained_by_one_sentence(window: webdriver.Chrome) -> None:
    figures = window.find_elements(By.TAG_NAME, "figure")
    assert len(figures) >= 12
    for figure in figures:
        (sentence,) = figure.find_elements(By.TAG_NAME, "figcaption")
        assert sentence.text.endswith(".")
        assert ". " not in sentence.text


def test_pictures_are_shown_and_sounds_can_be_played(window: webdriver.Chrome) -> None:
    """Four piano rolls with players: as written, and each model; three learning curves."""
    pictures = window.execute_script(
        "return [...document.images].map(each => [each.complete, each.naturalWidth, each.alt])"
    )
    assert len(pictures) == 7
    assert all(complete and width > 0 and words for complete, width, words in pictures)
    window.execute_async_script(
        "const done = arguments[0];"
        "Promise.all([...document.querySelectorAll('audio')].map(each => each.readyState >= 1 ||"
        " new Promise(ready => { each.onloadedmetadata = each.onerror = ready; }))).then(done)"
    )
    sounds = window.execute_script(
        "return [...document.querySelectorAll('audio')].map("
        "each => [each.readyState, each.duration, each.error && each.error.message])"
    )
    assert len(sounds) == 4
    for state, duration, error in sounds:
        assert error is None
        assert state >= READY
        assert 5.0 < duration < 60.0


@pytest.mark.parametrize("width", [1366, 360])
def test_nothing_overflows_the_screen(window: webdriver.Chrome, width: int) -> None:
    """A laptop and a phone: the page scrolls down only, and wide tables within themselves."""
    resize(window, width, 800)
    assert window.execute_script("return document.documentElement.scrollWidth") <= width
    outside = window.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3, p, li, figure, img, audio')]"
        ".filter(each => each.getBoundingClientRect().right > innerWidth + 1)"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    assert outside == []


def test_marks_of_charts_are_within_their_tracks(window: webdriver.Chrome) -> None:
    """Dots and bars lie within their tracks."""
    resize(window, 1366, 800)
    strays = window.execute_script(
        "return [...document.querySelectorAll('.track')].filter(track => {"
        " const box = track.getBoundingClientRect();"
        " return [...track.querySelectorAll('b')].some(mark => {"
        "  const at = mark.getBoundingClientRect();"
        "  return at.width <= 0 || at.left < box.left - 1 || at.right > box.right + 8;"
        " }); }).length"
    )
    assert strays == 0


def test_an_earlier_page_is_replaced_and_no_other_file(written: Written, tmp_path: Path) -> None:
    """Any other page, a bundle and a folder stay as they are."""
    foreign = tmp_path / "mine.html"
    foreign.write_text("<p>my own page</p>")
    bundle = tmp_path / "mine.mag"
    shutil.copyfile(BUNDLES[1], bundle)
    before = bundle.read_bytes()
    for target, complaint in (
        (foreign, "is not a page of an earlier comparison"),
        (bundle, "must end in .html"),
        (tmp_path, "is a folder"),
        (foreign / "deeper.html", "cannot be created"),
    ):
        result = call_program("compare", *BUNDLES[:2], "--data", TUNES, "-o", target)
        assert result.returncode == 1
        assert complaint in result.stderr
        assert result.stderr.count("\n") == 1
    assert foreign.read_text() == "<p>my own page</p>"
    assert bundle.read_bytes() == before
    earlier = tmp_path / "earlier.html"
    shutil.copyfile(written.page, earlier)
    found = compare(["gru_polyphony", "lstm_polyphony"], data=TUNES, samples=2)
    assert found.to_html(earlier) == earlier
    assert "pieces in voices" in earlier.read_text(encoding="utf-8")
    assert [row["name"] for row in found.rows] == found.figures["ranking"]
    assert found.rows[0]["bits_per_note"] <= found.rows[1]["bits_per_note"]
    assert f"{found.rows[0]['nll']:.4f} nats per step" in str(found)


def test_errors_are_one_sentence(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    empty = tmp_path / "empty"
    empty.mkdir()
    copy = tmp_path / "copy.mag"
    shutil.copyfile(BUNDLES[1], copy)
    damaged = tmp_path / "damaged.mag"
    damaged.write_bytes(BUNDLES[1].read_bytes()[:-40])
    wrong: dict[str, list[str | Path]] = {
        "There is no bundle missing": ["missing", "gru_melody", "--data", TUNES],
        "There is no folder or archive": ["lstm_melody", "gru_melody", "--data", tmp_path / "no"],
        "holds 0 melodies": ["lstm_melody", "gru_melody", "--data", empty],
        "are the same bundle": ["gru_melody", copy, "--data", TUNES],
        "is not a bundle": ["gru_melody", damaged, "--data", TUNES],
        "name bundles of one encoding": ["gru_melody", "lstm_polyphony", "--data", TUNES],
    }
    for complaint, words in wrong.items():
        result = call_program("compare", *words, "-o", page)
        assert result.returncode == 1
        assert complaint in result.stderr
        assert result.stderr.splitlines()[-1].startswith("Error: ")
        assert not page.exists()
    assert call_program("compare", "gru_melody", "--data", TUNES, "-o", page).returncode == 2
    assert call_program("compare", "gru_melody", "lstm_melody", "-o", page).returncode == 2
