"""What the archive has, handed out: pages of history, and lists."""
