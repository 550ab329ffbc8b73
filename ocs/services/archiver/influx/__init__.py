"""The way of what is archived to a time series server."""
