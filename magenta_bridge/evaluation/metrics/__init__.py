"""Measures of music and of models that others have published, small and exact."""
