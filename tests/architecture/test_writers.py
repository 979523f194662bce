"""Files of the user are written in one place, which writes them whole or not at all."""

from __future__ import annotations

import ast

from tests.architecture.sources import python_sources

# Besides ``files.py``: temporary files, and a device.
TEMPORARY = {
    "magenta_bridge/data/fiddle_tunes.py",
    "magenta_bridge/midi/output/note_ledger.py",
    "magenta_bridge/runtime/interpreter.py",
    "magenta_bridge/training/fit.py",
}


def _writes(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name not in {"open", "fdopen", "TextIOWrapper"}:
        return name in {"write_bytes", "write_text", "savefig"}
    texts = [each.value for each in call.args if isinstance(each, ast.Constant)]
    return any(isinstance(text, str) and set(text) & set("wax+") for text in texts)


def test_no_other_module_writes_files() -> None:
    offenders = set()
    for source in python_sources():
        if source.path.startswith("magenta_bridge/") and source.path not in TEMPORARY:
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Call) and _writes(node):
                    offenders.add(source.path)
    # The other two write to memory.
    assert offenders == {
        "magenta_bridge/files.py",
        "magenta_bridge/render/audio.py",
        "magenta_bridge/render/charts.py",
    }
