"""The fixtures that pytest finds by itself where ocs is installed."""
