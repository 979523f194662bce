"""Tokens: reading files, comparison, and error messages without tokens."""

from __future__ import annotations

import hmac
import logging
import secrets
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import FileFormatError, LimitExceededError, NotFoundError
from magenta_bridge.server.security import reloading as rotation
from magenta_bridge.server.security.tokens import Tokens, make_token, read_first_token, read_tokens

# Not drawn: what names a test must be the same in every process that collects it.
FIRST = "8iPcWrGBFv874c-12NZB98QLTqlx64ID66DAeDwY0rA"
SECOND = "5d41402abc4b2a76b9719d911017c592"


def _file(folder: Path, text: str) -> Path:
    path = folder / "tokens.txt"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_file_contains_names_tokens_and_roles(tmp_path: Path) -> None:
    third = secrets.token_urlsafe(40)
    path = _file(
        tmp_path,
        f"\ufeff# accepted tokens\n\nmaria:{FIRST}\r\n  owner:{SECOND}:admin  \n{third}\n",
    )
    tokens = read_tokens(path)
    assert [(token.name, token.admin) for token in tokens] == [
        ("maria", False),
        ("owner", True),
        ("line-5", False),
    ]
    known = Tokens(tokens)
    assert [known.find(text) for text in (FIRST, SECOND, third)] == tokens
    assert read_first_token(path) == FIRST


@pytest.mark.parametrize(
    "text", ["", " ", "x", FIRST[:-1], f"{FIRST}x", FIRST.swapcase(), "\u266d"]
)
def test_other_texts_are_not_found(text: str) -> None:
    known = Tokens([make_token("maria", FIRST, where="here")])
    assert known.find(text) is None


def test_every_token_is_compared_whichever_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the response time would disclose the position in the list."""
    compared = []
    compare = hmac.compare_digest

    def note(one: bytes, two: bytes) -> bool:
        compared.append((len(one), len(two)))
        return compare(one, two)

    monkeypatch.setattr(hmac, "compare_digest", note)
    known = Tokens([make_token("a", FIRST, where="here"), make_token("b", SECOND, where="here")])
    for text in (FIRST, SECOND, "short", "x" * 10_000):
        known.find(text)
    assert compared == [(32, 32)] * 8


def test_two_tokens_may_have_one_name() -> None:
    old, new = (make_token("maria", text, where="here") for text in (FIRST, SECOND))
    assert Tokens([old, new]).find(FIRST) == old


def test_one_token_with_two_names_is_an_error() -> None:
    both = [make_token(name, FIRST, where="here") for name in ("maria", "paul")]
    with pytest.raises(FileFormatError, match="maria and paul"):
        Tokens(both)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("maria:pass12", "6 characters can be guessed"),
        ("maria:", "letters, digits"),
        (f":{FIRST}", "before a token"),
        (f"ma ria:{FIRST}", "before a token"),
        (f"maria:{FIRST[:20]} {FIRST[20:]}", "letters, digits"),
        (f"maria:{FIRST}:boss", "NAME:TOKEN"),
        (f"maria:{FIRST}:admin:", "NAME:TOKEN"),
        (f"maria:{FIRST}\u266d", "letters, digits"),
        ("# none yet", "no token"),
        ("", "no token"),
    ],
)
def test_the_error_for_an_invalid_line_does_not_contain_the_token(
    tmp_path: Path, line: str, complaint: str
) -> None:
    path = _file(tmp_path, f"\n{line}\n")
    with pytest.raises(FileFormatError, match=complaint) as caught:
        read_tokens(path)
    assert str(path) in caught.value.message
    assert not any(part and part in caught.value.message for part in (FIRST, FIRST[:20], "pass12"))


def test_a_missing_or_endless_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"tokens\.txt: No such file"):
        read_tokens(tmp_path / "tokens.txt")
    with pytest.raises(NotFoundError, match="directory"):
        read_first_token(tmp_path)
    with pytest.raises(LimitExceededError):
        read_tokens(_file(tmp_path, "x" * 70_000))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_world_readable_file_is_logged_as_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
) -> None:
    path = _file(tmp_path, f"maria:{FIRST}")
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        read_tokens(path)
    assert (f"chmod 600 {path}" in caplog.text) is warned
    assert FIRST not in caplog.text


def test_a_changed_file_is_reloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A token is replaced without a restart, and an invalid file keeps the earlier tokens."""
    monkeypatch.setattr(rotation, "LOOK_SECONDS", 0.0)
    path = _file(tmp_path, f"maria:{FIRST}\n")
    tokens = rotation.FileTokens(path)
    assert tokens.find(FIRST)
    assert tokens.find(SECOND) is None
    _file(tmp_path, f"maria:{SECOND}\n# another length\n")
    assert tokens.find(FIRST) is None
    assert tokens.find(SECOND)
    _file(tmp_path, "short\n")
    with caplog.at_level(logging.WARNING):
        assert tokens.find(SECOND)
        path.unlink()
        assert tokens.find(SECOND)
    assert caplog.text.count("The tokens stay unchanged") == 2
