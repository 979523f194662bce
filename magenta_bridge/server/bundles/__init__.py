"""The bundles that a server loads: their sources, state and health."""
