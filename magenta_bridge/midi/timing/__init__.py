"""Clocks, ticks and tempo."""
