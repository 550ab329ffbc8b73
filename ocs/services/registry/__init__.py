"""RegistryAgent: who is here, from everybody's heartbeats and from the router's word of who left."""

from ocs.services.registry.device import Registry

__all__ = ["Registry"]
