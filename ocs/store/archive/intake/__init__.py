"""What the archive takes: each number once, each field set as a version of its schema, what is bad set aside."""
