"""The archive on disk: a journal that is written first, blocks of columns that are read, and a catalogue of both."""
