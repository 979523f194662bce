"""Looks a MusicXML file over before a library sees it.

XML can promise more than it holds: entities that expand to gigabytes, an archive that unpacks
to them, a million empty elements. What passes here is one score of bounded size, as a tree.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final, NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from magenta_bridge.errors import FileFormatError
from magenta_bridge.limits import (
    MUSICXML_ELEMENTS,
    MUSICXML_FILE_BYTES,
    MUSICXML_SCORE_BYTES,
    SEQUENCE_NOTES,
    check_limit,
)

_CONTAINER: Final = "META-INF/container.xml"
_SCORE_TYPES: Final = (None, "application/vnd.recordare.musicxml+xml")
_SCORE_SUFFIXES: Final = (".xml", ".musicxml")
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises, besides its own error, for archives that are broken in some way.
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


def read_score(data: bytes, name: str) -> ET.Element:
    """Unpack and parses a MusicXML file, compressed or not, whatever its suffix says.

    Args:
        data: The whole file.
        name: What the bytes are called in error messages, e.g. a file name.

    Returns:
        The ``score-partwise`` element.

    Raises:
        FileFormatError: This is no score in MusicXML, it is damaged, or it declares entities.
        LimitExceededError: It is larger than ``limits`` allows, packed or unpacked.
    """
    check_limit(MUSICXML_FILE_BYTES, len(data), where=name)
    text = _unpack(data, name) if data[:2] == b"PK" else data
    check_limit(MUSICXML_SCORE_BYTES, len(text), where=name)
    root = _parse(text, name)
    if root.tag == "score-timewise":
        raise FileFormatError(f"{name} is written by time; export it as score-partwise.")
    if root.tag != "score-partwise":
        raise FileFormatError(
            f"{name} is XML but not a MusicXML score: it begins with <{root.tag[:40]}>. "
            "Give a .musicxml or .mxl file."
        )
    check_limit(SEQUENCE_NOTES, sum(1 for _ in root.iter("pitch")), where=name)
    return root


def _unpack(data: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Archives that do not say that their names are UTF-8 are read as code page 437.
            members = {_plain(info): info for info in archive.infolist()}
            path = _score_path(archive, members, name)
            if path not in members:
                _refuse(name, f"the archive lacks the score it names, {path[:80]}")
            return _member(archive, members[path], name)
    except _BROKEN as error:
        _refuse(name, f"the archive cannot be unpacked ({error})", error)


def _score_path(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str) -> str:
    """Return the score that the container names; without a sound container, the only one."""
    scores = [
        path
        for path in members
        if path.lower().endswith(_SCORE_SUFFIXES) and not path.startswith("META-INF/")
    ]
    if _CONTAINER in members:
        try:
            container = _parse(_member(archive, members[_CONTAINER], name), name)
        except FileFormatError:
            # Some programs write titles with quotation marks into it as they are.
            if len(scores) != 1:
                raise
        else:
            named = [
                file.get("full-path", "")
                for file in container.iter("rootfile")
                if file.get("media-type") in _SCORE_TYPES
            ]
            scores = named[:1]
    if len(scores) != 1:
        _refuse(name, "it is an archive that does not say where its score is")
    return scores[0]


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    """Return a file of the archive; never unpacks more than a score may hold."""
    if info.compress_type not in _METHODS:
        _refuse(name, "the archive uses a compression that MusicXML does not know")
    with archive.open(info) as member:
        text = member.read(MUSICXML_SCORE_BYTES.value + 1)
    check_limit(MUSICXML_SCORE_BYTES, len(text), where=name)
    return text


def _plain(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x800:
        return info.filename
    return info.filename.encode("cp437", "replace").decode("utf-8", "replace")


def _parse(text: bytes, name: str) -> ET.Element:
    try:
        _check_declarations(text, name)
        return ET.fromstring(text)  # noqa: S314 - looked over by the line above
    except (ET.ParseError, expat.ExpatError, LookupError, ValueError) as error:
        raise FileFormatError(
            f"{name} is not MusicXML, or damaged: {error}. Export it again from where it came."
        ) from error


def _check_declarations(text: bytes, name: str) -> None:
    """Read once without building anything; entities and a flood of elements end it."""
    parser = expat.ParserCreate()
    count = 0

    def element(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        del tag, attributes
        count += 1
        if count > MUSICXML_ELEMENTS.value:
            check_limit(MUSICXML_ELEMENTS, count, where=name)

    def entity(*declaration: object) -> NoReturn:
        del declaration
        _refuse(name, "it declares entities, which no score needs")

    parser.StartElementHandler = element
    parser.EntityDeclHandler = entity
    parser.Parse(text, True)


def _refuse(name: str, problem: str, cause: BaseException | None = None) -> NoReturn:
    raise FileFormatError(
        f"{name} is a damaged MusicXML file: {problem}. Export it again from where it came."
    ) from cause
