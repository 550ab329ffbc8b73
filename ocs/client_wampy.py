"""The blocking client on wampy, in one import line: `from ocs.client_wampy import connect`."""

from ocs.client.wampy.flavour import Observatory, connect

__all__ = ["Observatory", "connect"]
