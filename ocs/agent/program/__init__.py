"""One agent as a program: from its command line through its devices and its admin device to its exit code."""
