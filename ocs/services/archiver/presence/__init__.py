"""Who is here and who is away, and what is taken from agents that keep no spool."""
