"""ArchiverAgent: keeps what agents record, and hands it out again."""
