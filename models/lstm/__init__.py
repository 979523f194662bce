"""LSTM: the melody network, its recipe, its card and the trained bundle."""
