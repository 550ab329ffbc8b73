"""Between the model and bytes: the only place where a URI or the key of a message is spelled."""
