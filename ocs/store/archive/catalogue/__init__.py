"""The archive's catalogue: one SQLite file that tells what is where."""
