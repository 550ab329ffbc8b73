"""The nouns of the system, pure: no input, no output, no event loop."""
