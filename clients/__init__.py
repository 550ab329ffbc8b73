"""Control programs and observation scripts of this checkout; they use `ocs.client` only."""
