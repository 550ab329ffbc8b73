"""HostsAgent: the machine itself as a device. Figures come from psutil."""

from ocs.services.hosts.device import Hosts

__all__ = ["Hosts"]
