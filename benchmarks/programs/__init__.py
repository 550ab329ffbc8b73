"""The processes that are measured: each reads one JSON command a line and prints one JSON answer a line."""
