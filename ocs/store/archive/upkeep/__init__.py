"""What the archive does by itself: sealing, compaction, retention, verification, and a new catalogue for a lost one."""
