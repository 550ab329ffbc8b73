"""The archive's journal: batches as they came, synced before they are acknowledged, and read by who follows it."""
