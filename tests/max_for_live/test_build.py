"""The committed devices are those that the sources give, in any folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from tests.max_for_live.node import FOLDER, run_node

NOT_SOURCES = shutil.ignore_patterns("node_modules", "tests", "dist", "renders")
# Pictures take long; a test in max_for_live/tests compares them.
BUILD = """
import { createHash } from "node:crypto";
import { noticesFile } from "./notices.ts";
import { deviceFiles } from "./outputs.ts";
import { devicePlans } from "./scripts.ts";
const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
Promise.all([devicePlans(), noticesFile()]).then(([plans, notices]) => {
  const files = [...deviceFiles(plans), { ...notices, name: `dist/${notices.name}` }];
  const rows = files.map((file) => [file.name, hash(file.bytes)]);
  console.log(JSON.stringify(Object.fromEntries(rows)));
});
"""


def test_a_build_in_another_folder_gives_the_committed_bytes(tmp_path: Path) -> None:
    """If it fails, run ``make devices``."""
    copy = tmp_path / "a checkout" / "max_for_live"
    shutil.copytree(FOLDER, copy, ignore=NOT_SOURCES)
    shutil.copytree(FOLDER.parent / "protos", copy.parent / "protos")
    (copy / "node_modules").symlink_to(FOLDER / "node_modules")
    (copy / "build" / "hashes.ts").write_text(BUILD, encoding="utf-8")
    built = json.loads(
        run_node("node", "--import", "tsx", "build/hashes.ts", timeout=100, cwd=copy)
    )
    committed = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((FOLDER / "dist").rglob("*"))
        if path.is_file()
    }
    assert built.keys() == committed.keys()
    assert [name for name, digest in built.items() if digest != committed[name]] == []
    assert len([name for name in built if name.endswith(".amxd")]) >= 3
