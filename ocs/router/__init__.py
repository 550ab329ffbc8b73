"""The router: its configuration rendered for a realm and a port, and how to start and await it."""
