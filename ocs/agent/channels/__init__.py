"""A device's channels at work: read, polled, written, fed, and their events."""
