"""List the packages of the locks with their licenses: ``docs/licenses.md`` and an SBOM.

``make licenses`` runs it. It needs no network: licenses are those that the installed packages
state. It ends with status 1 if a package states none that is known, or one that is not permissive
and has no reason below.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parent.parent
_PAGE: Final = _ROOT / "docs" / "licenses.md"
_SBOM: Final = _ROOT / "dist" / "magenta-bridge.cdx.json"
_PINNED: Final = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)

_PERMISSIVE: Final = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LLVM-exception", "MIT",
    "MIT-0", "MIT-CMU", "PSF-2.0", "Unlicense", "Zlib", "public domain",
}  # fmt: skip
# The license of a package that is not permissive: why it may be used.
_REASONS: Final = {
    "bidict": "used unchanged, by the tests alone",
    "certifi": "a list of certificates, used unchanged",
    "hypothesis": "used by the tests alone",
    "linkpython-extern": "contains Ableton Link, GPL; only the extra link and a test ask for it",
    "pathspec": "used by the tools alone",
    "soxr": "librosa, which note-seq requires, resamples with it; nothing here does",
    "tqdm": "used unchanged",
}
# Packages that are installed on some systems alone, or that do not state their license in a field.
_KNOWN: Final = {
    "async-timeout": "Apache-2.0",
    "audioop-lts": "PSF-2.0",
    "backports-asyncio-runner": "PSF-2.0",
    "colorama": "BSD-3-Clause",
    "exceptiongroup": "MIT",
    "greenlet": "MIT AND PSF-2.0",
    "importlib-metadata": "Apache-2.0",
    "linkpython-extern": "GPL-2.0-or-later",
    "namex": "Apache-2.0",
    "pytz": "MIT",
    "standard-aifc": "PSF-2.0",
    "standard-chunk": "PSF-2.0",
    "standard-sunau": "PSF-2.0",
    "supriya-midi": "MIT",
    "tomli": "MIT",
    "zipp": "MIT",
}
_SPELLINGS: Final = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "DFSG approved": "",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Public Domain": "public domain",
    "Python Software Foundation License": "PSF-2.0",
}
_HEAD: Final = """# Licenses

The packages of the [locks](../requirements/README.md), and the packages that the devices contain.
`make licenses` writes this page. The texts of the licenses are in the packages; those of the
devices are in [THIRD_PARTY_NOTICES.txt](../max_for_live/dist/THIRD_PARTY_NOTICES.txt).

| package | version | license | used by |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Package:
    """A package of a lock.

    Attributes:
        name: Its name.
        version: The pinned version.
        license: An SPDX expression; empty if it is unknown.
        used_by: ``serving``, ``training and tests``, or ``devices``.
    """

    name: str
    version: str
    license: str
    used_by: str

    @property
    def purl(self) -> str:
        """The package's URL in an SBOM."""
        kind = "npm" if self.used_by == "devices" else "pypi"
        return f"pkg:{kind}/{self.name.replace('@', '%40')}@{self.version}"

    @property
    def problem(self) -> str:
        """What is wrong with its license; empty if it may be used."""
        if not self.license:
            return f"{self.name} states no license; add it to requirements/licenses.py."
        parts = re.split(r" (?:AND|OR|WITH) ", self.license)
        if set(parts) <= _PERMISSIVE or self.name in _REASONS:
            return ""
        return (
            f"{self.name} has the license {self.license}, which is not known as permissive; choose "
            "another package, or give a reason in requirements/licenses.py."
        )


def packages() -> list[Package]:
    """Return the packages of the locks and those that the devices contain, by name."""
    serving = dict(_pins("base.txt"))
    python = [
        Package(
            name, version, _stated(name), "serving" if name in serving else "training and tests"
        )
        for name, version in _pins("dev.txt")
    ]
    return sorted([*python, *_bundled()], key=lambda each: each.name)


def _pins(file: str) -> list[tuple[str, str]]:
    return _PINNED.findall((_ROOT / "requirements" / file).read_text(encoding="utf-8"))


def _stated(name: str) -> str:
    if name in _KNOWN:
        return _KNOWN[name]
    try:
        fields = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        # Another version of Python has it; keep what was found there.
        row = re.search(rf"^\| {re.escape(name)} \| \S+ \| (.+?) \|", _written(), re.MULTILINE)
        return row[1] if row else ""
    for expression in fields.get_all("License-Expression") or []:
        return str(expression)
    classified = [
        each.rpartition(" :: ")[2]
        for each in fields.get_all("Classifier") or []
        if each.startswith("License ::") and not each.endswith("OSI Approved")
    ]
    stated = classified or " ".join(fields.get_all("License") or []).strip().splitlines()[:1]
    spelled = {_SPELLINGS.get(each, each) for each in stated}
    return " OR ".join(sorted(spelled - {""}))


def _written() -> str:
    return _PAGE.read_text(encoding="utf-8") if _PAGE.exists() else ""


def _bundled() -> list[Package]:
    """Return the packages that the notices of the devices name."""
    notices = _ROOT / "max_for_live" / "dist" / "THIRD_PARTY_NOTICES.txt"
    named = re.findall(
        r"^-{78}\n(\S+) (\S+) \((.+)\)$", notices.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [Package(name, version, license_, "devices") for name, version, license_ in named]


def page(found: list[Package]) -> str:
    """Return ``docs/licenses.md``."""
    rows = [f"| {p.name} | {p.version} | {p.license} | {p.used_by} |" for p in found]
    reasons = dict.fromkeys(
        f"- {p.name} ({p.license}): {_REASONS[p.name]}." for p in found if p.name in _REASONS
    )
    text = "\n".join(rows)
    return f"{_HEAD}{text}\n\nThese are not permissive, and are used because:\n\n" + (
        "\n".join(reasons) + "\n"
    )


def sbom(found: list[Package]) -> dict[str, Any]:
    """Return a software bill of materials in CycloneDX 1.6 of what users install."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "magenta-bridge"}},
        "components": [
            {
                "type": "library",
                "bom-ref": each.purl,
                "name": each.name,
                "version": each.version,
                "purl": each.purl,
                "licenses": [{"expression": each.license}],
            }
            for each in found
            if each.used_by in ("serving", "devices")
        ],
    }


def main() -> int:
    """Write the page and the SBOM; print what is wrong."""
    found = packages()
    problems = [each.problem for each in found if each.problem]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    _PAGE.write_text(page(found), encoding="utf-8")
    _SBOM.parent.mkdir(exist_ok=True)
    _SBOM.write_text(json.dumps(sbom(found), indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {_PAGE.relative_to(_ROOT)} and {_SBOM.relative_to(_ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
