"""The devices that are committed are those that the sources make, wherever they are built."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

from tests.max_for_live.controls import FOLDER
from tests.node_packages import install_packages, node_program

NOT_SOURCES = shutil.ignore_patterns("node_modules", "tests", "dist", "renders")
# The pictures take long; a test of their own in max_for_live/tests holds them fresh.
BUILD = """
import { createHash } from "node:crypto";
import { deviceFiles } from "./outputs.ts";
import { plans } from "./plans.ts";
import { bundleScripts } from "./scripts.ts";
const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
bundleScripts().then((scripts) => {
  const rows = deviceFiles(plans(scripts)).map((file) => [file.name, hash(file.bytes)]);
  console.log(JSON.stringify(Object.fromEntries(rows)));
});
"""


def test_a_build_elsewhere_gives_the_committed_bytes(tmp_path: Path) -> None:
    """A copy of the sources, without what was built; stale files are named: run make devices."""
    install_packages(FOLDER)
    copy = tmp_path / "a checkout" / "max_for_live"
    shutil.copytree(FOLDER, copy, ignore=NOT_SOURCES)
    shutil.copytree(FOLDER.parent / "protos", copy.parent / "protos")
    (copy / "node_modules").symlink_to(FOLDER / "node_modules")
    (copy / "build" / "hashes.ts").write_text(BUILD, encoding="utf-8")
    done = subprocess.run(
        [node_program("node"), "--import", "tsx", "build/hashes.ts"],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built = json.loads(done.stdout)
    committed = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((FOLDER / "dist").rglob("*"))
        if path.is_file()
    }
    assert built.keys() == committed.keys()
    assert [name for name, digest in built.items() if digest != committed[name]] == []
    assert len([name for name in built if name.endswith(".amxd")]) >= 3
