"""Endpoints, tokens, certificates and rate limits."""
