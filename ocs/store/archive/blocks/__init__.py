"""The archive's sealed blocks: Parquet files of one feed and one day, with their roll-ups."""
