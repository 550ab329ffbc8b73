"""Reading the archive back: what is there for names and a time, in order, decimated, and in the form asked for."""
