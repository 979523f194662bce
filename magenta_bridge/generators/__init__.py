"""Magenta's SequenceGenerator over exported programs, and the bundles they come in."""
