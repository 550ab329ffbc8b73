"""An agent's spool: numbered rows in segment files, kept until the archive has them, and what is lost is named."""
