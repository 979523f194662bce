"""Every dependency has a license that is known, and the lists of them are up to date."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from requirements import licenses

_PAGE = Path(licenses.__file__).parent.parent / "docs" / "licenses.md"
_SOME = licenses.Package("some", "1.0", "MIT", "serving")


def test_every_license_is_permissive_or_has_a_reason() -> None:
    assert [each.problem for each in licenses.packages() if each.problem] == []


def test_the_page_is_up_to_date() -> None:
    assert licenses.page(licenses.packages()) == _PAGE.read_text(encoding="utf-8"), "make licenses"


def test_other_licenses_are_refused() -> None:
    assert not replace(_SOME, license="MIT OR Apache-2.0").problem
    assert "states no license" in replace(_SOME, license="").problem
    for license_ in ("GPL-3.0-only", "MIT AND AGPL-3.0-only", "Commercial"):
        assert license_ in replace(_SOME, license=license_).problem


def test_the_sbom_names_what_users_install() -> None:
    found = licenses.packages()
    bill = licenses.sbom(found)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    references = [each["bom-ref"] for each in bill["components"]]
    assert len(references) == len(set(references))
    names = {each["name"] for each in bill["components"]}
    assert {"grpcio", "note-seq", "protobufjs"} <= names
    assert "pytest" not in names
    assert all(each["licenses"][0]["expression"] for each in bill["components"])


def test_locked_packages_have_hashes() -> None:
    for name in ("base.txt", "dev.txt"):
        text = (Path(licenses.__file__).parent / name).read_text(encoding="utf-8")
        pins = re.split(r"(?m)^(?=\S+==)", text)[1:]
        assert len(pins) > 50
        assert all("--hash=sha256:" in pin for pin in pins)
