"""The playing process, its supervisor, and the processes that access MIDI ports for them."""
