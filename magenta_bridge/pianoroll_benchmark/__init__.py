"""Pianoroll benchmark."""
