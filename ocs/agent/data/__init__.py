"""From a published sample to the router and the spool: batches, columns, numbers, and the way to the archiver."""
