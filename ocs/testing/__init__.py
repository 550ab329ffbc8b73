"""Tests of devices without hardware: clocks, links, routers, and the contract that every device class keeps."""
