"""NoteSequence to ids and back, one module per vocabulary."""
