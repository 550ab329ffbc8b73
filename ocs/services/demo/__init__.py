"""The two test agents that OCS users know, with the same operations, feeds and session data."""
