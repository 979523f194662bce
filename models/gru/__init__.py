"""The gated recurrent unit, the lighter sibling of the LSTM."""
