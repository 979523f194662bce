"""Datasets, the training loop, export. Needs the extra [train]."""
