"""Pure functions from NoteSequence to NoteSequence."""
