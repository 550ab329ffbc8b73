"""Talking to a realm from programs: find devices, call their operations, follow their feeds."""
