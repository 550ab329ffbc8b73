"""One device as the realm sees it: its procedures and topics, its links, its health, and how it is set up."""
