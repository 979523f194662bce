"""The long short-term memory: networks, recipes, cards and trained bundles."""
