"""Real-time MIDI: ports, timing, playback, interactions, and the supervised playing process.

No module here loads a model. All notes are sent through ``output.note_output.NoteOutput``, which
records each note in a ledger before the note-on is sent. However the playing process ends,
``process.supervisor`` reads the ledger and ends the notes that still sound.
"""
