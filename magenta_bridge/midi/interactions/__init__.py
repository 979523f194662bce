"""Interactions of musicians and generators: call and response, and duet."""
