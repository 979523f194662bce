"""Music as pictures and sound."""
