"""The plain tanh recurrent network, the baseline that LSTM and GRU are measured against."""
