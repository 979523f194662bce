"""Random and hostile input; ``FUZZ`` sets how many inputs each test makes."""

import os

COUNT = int(os.environ.get("FUZZ", "0"))
"""Inputs of each test; 0 for the few of ``make test``."""
