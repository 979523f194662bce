"""Model families: one folder each, with its network, recipes, card and trained bundles."""

from __future__ import annotations

if __name__ != "magenta_bridge.models":
    raise ImportError("The models are imported as magenta_bridge.models, not as models.")
