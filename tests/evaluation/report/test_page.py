"""The page is escaped and self-contained, and every figure says how to read it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from magenta_bridge.evaluation.report.figures import figures_of
from magenta_bridge.evaluation.report.page import MAKER, Axis, Mark, page_of
from tests.evaluation.report.example import comparison, contender, music

HEADINGS = [
    "Summary",
    "Listen",
    "Likelihood of held-out music",
    "Similarity to human music",
    "Repetition and long-term structure",
    "Copying",
    "Speed and memory",
    "Learning curves",
    "Method",
]


class _Reader(HTMLParser):
    """Collects what a test asks about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.without_words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.addresses += [found[name] or "" for name in ("src", "href") if name in found]
        if tag == "img" and not found.get("alt"):
            self.without_words.append(tag)


def _page() -> str:
    return page_of(comparison())


def test_all_sections_follow_in_order() -> None:
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", _page()) == HEADINGS


def test_nothing_is_fetched_or_run() -> None:
    """Every address is inside the page, and there is no script."""
    found = _Reader(_page())
    assert {address.partition(":")[0] for address in found.addresses if ":" in address} == {"data"}
    assert all(address.startswith(("#", "data:")) for address in found.addresses)
    assert not {"script", "iframe", "object"} & set(found.tags)
    assert "url(" not in _page()
    assert "default-src 'none'" in _page()


def test_text_from_outside_is_escaped() -> None:
    page = _page()
    assert "<b>tunes</b>" not in page
    assert "&lt;b&gt;tunes&lt;/b&gt;" in page
    assert "A &lt;tune&gt;" in page
    assert "songs &amp; airs" in page


def test_every_figure_has_one_sentence_and_every_picture_a_description() -> None:
    page = _page()
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) > 12
    for figure in figures:
        (sentence,) = re.findall(r"<figcaption>(.*?)</figcaption>", figure, re.DOTALL)
        assert len(re.findall(r"[.!?](?= |$)", sentence)) == 1, sentence
        assert sentence.endswith(".")
    assert _Reader(page).without_words == []


def test_a_page_names_its_generator_in_its_head() -> None:
    assert MAKER in _page()[:1000]


def test_an_axis_places_marks_within_its_ends() -> None:
    axis = Axis([Mark("a", "1", 1.0, 0, 0.5, 2.0), Mark("b", "4", 4.0, 1)], from_zero=False)
    assert axis.start < 0.5
    assert axis.end > 4.0
    assert 0.0 < axis.place(0.5) < axis.place(1.0) < axis.place(4.0) < 100.0
    assert Axis([Mark("a", "0", 0.0, 0)], from_zero=True).place(0.0) == 0.0


def test_equal_figures_are_highlighted_alike() -> None:
    near = [contender(name, nats=1, overlap=0.801, run=1, step_us=1) for name in "ab"]
    near[1] = replace(near[1], music=music(0.8, 1))
    far = contender("c", nats=1, overlap=0.6, run=1, step_us=1)
    best = '<td class="best">0.80</td>'
    assert f"{best}{best}<td>0.60</td>" in page_of(comparison(*near, far))
    assert 'class="best"' not in page_of(comparison(*near))


def test_missing_audio_and_curves_are_named() -> None:
    silent = comparison(
        replace(contender("a", nats=1, overlap=1, run=1, step_us=1), curve=None),
        contender("b", nats=2, overlap=1, run=1, step_us=2),
    )
    listening = replace(silent.listening, no_audio_reason="The SoundFont is missing.")
    page = page_of(replace(silent, listening=listening))
    assert "There is no audio: The SoundFont is missing." in page
    assert "There is no such picture for a." in page


def test_rows_without_a_value_or_a_difference_are_left_out() -> None:
    """The example's silent music has no means at all, so there are no tables of them."""
    page = _page()
    assert "<h3>MusPy metrics" not in page
    assert "There are too few long held-out pieces to measure structure." in page
    found = comparison()
    loud = replace(found.held_out, scalars={**found.held_out.scalars, "pitch_range": 12.0})
    first, *others = found.models
    wide = replace(first.music, scalars={**first.music.scalars, "pitch_range": 14.5})
    with_rows = page_of(replace(found, held_out=loud, models=[replace(first, music=wide), *others]))
    assert "<h3>MusPy metrics" in with_rows
    assert "<td>14.5 (2.50 off)</td><td>-</td><td>12.0</td>" in with_rows


def test_figures_are_plain_numbers() -> None:
    """NaN, which JSON lacks, becomes None; the sums of each piece are included."""
    found = figures_of(comparison())
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert found["ranking"] == ["alpha", "beta"]
    likelihood = found["bundles"]["alpha"]["likelihood"]
    assert likelihood["nats_per_step"]["mean"] == pytest.approx(0.25)
    assert likelihood["accuracy"]["mean"] == pytest.approx(0.75)
    assert sum(likelihood["pieces"]["nats"]) == pytest.approx(400.0)
    (apart,) = found["differences"]
    assert (apart["better"], apart["worse"]) == ("alpha", "beta")
    assert found["held_out"]["muspy"]["polyphony"] is None
