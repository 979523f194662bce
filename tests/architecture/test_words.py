"""Names, comments, messages, and documents use standard terms in plain American English."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.architecture.sources import ROOT, repository_files

# Each is a regular expression of whole words, matched in lower case.
REJECTED = (
    "anew",
    "(?<!there )are none",
    "bears",
    "behaviours?",
    "colours?",
    "dealt",
    "deaf",
    "dreamt",
    "foresight",
    "foretell(s|ing)?",
    "foretold",
    "harken",
    "heed(s|ed|ing|ful)?",
    "in hand",
    "(?<!there )is none",
    "leash",
    "licences?",
    "nats an? [a-z]+",
    "nobody",
    "quarrels?",
    "shelf",
    "somebody",
    "told",
    "unheard",
    "whoever",
    "whomever",
    "yardsticks?",
)
_PATTERN = re.compile(rf"\b(?:{'|'.join(REJECTED)})\b")
_WRITTEN_BY_US = re.compile(
    r"\.(py|ts|mjs|cjs|js|md|toml|proto|sh|yml|yaml|css|html|service|plist|txt)$|(^|/)(Makefile|Dockerfile|controls\.json)$"
)
_EXEMPT = (
    "LICENSE",
    "docs/benchmarks/runs",
    "magenta_bridge/v1/",
    "max_for_live/dist/",
    "requirements/",
    "tests/architecture/test_words.py",
)


def words_of(text: str) -> str:
    """Return a line in lower case with identifiers split into words, except Python's None."""
    text = re.sub(r"\bNone\b", "null", text)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return text.replace("_", " ").replace("-", " ").lower()


def _offenders() -> Iterator[str]:
    for path in repository_files():
        if path.startswith(_EXEMPT) or not _WRITTEN_BY_US.search(path):
            continue
        named = _PATTERN.search(words_of(path))
        if named:
            yield f"{path}: the name contains {named.group()!r}"
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            found = _PATTERN.search(words_of(line))
            if found:
                yield f"{path}:{number}: {found.group()!r}"


def test_no_rejected_word_is_used() -> None:
    """See docs/glossary.md for the terms to use instead."""
    offenders = list(_offenders())
    assert offenders == [], f"{len(offenders)} lines:\n" + "\n".join(offenders[:100])


def test_identifiers_are_split_into_words() -> None:
    """Rejected words are found inside identifiers of both styles, but not in Python's None."""
    assert _PATTERN.search(words_of("check_told"))
    assert _PATTERN.search(words_of("isForetold"))
    assert not _PATTERN.search(words_of("if value is None"))
    assert not _PATTERN.search(words_of("untold bookshelf"))
