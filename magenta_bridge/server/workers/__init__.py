"""The threads that run the generators, and their fair queue."""
