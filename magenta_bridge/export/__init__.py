"""Export Keras networks as LiteRT programs. Needs the extra [train]."""
