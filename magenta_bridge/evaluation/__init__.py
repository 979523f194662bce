"""Likelihood, baselines and musical statistics."""
