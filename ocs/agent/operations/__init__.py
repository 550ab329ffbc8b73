"""A device's tasks, processes and commands at work: one run of one, its session, and how it ends."""
