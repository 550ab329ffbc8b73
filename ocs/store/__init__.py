"""What survives a restart on disk: the history of runs, and who owns a state folder."""
