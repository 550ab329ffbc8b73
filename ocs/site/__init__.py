"""The site file: which agents run where, and what each program goes by."""

from ocs.site.arguments import flatten_arguments
from ocs.site.check import check
from ocs.site.devices import DeviceSettings
from ocs.site.findings import Finding, Severity
from ocs.site.loading import LoadedSite, load_site
from ocs.site.locate import find_host, find_site_file
from ocs.site.options import OPTIONS, VARIABLES, SiteOption
from ocs.site.schema import Crossbar, DeviceEntry, Host, Hub, Instance, Site, site_schema
from ocs.site.settings import AgentSettings, ClientSettings, agent_settings, client_settings
from ocs.site.state import (
    AgentFolder,
    agent_folder,
    decode_name,
    default_state_dir,
    encode_name,
    names_of_folder,
    router_folder,
)
from ocs.site.values import LogLevel, Manage

__all__ = [
    "OPTIONS",
    "VARIABLES",
    "AgentFolder",
    "AgentSettings",
    "ClientSettings",
    "Crossbar",
    "DeviceEntry",
    "DeviceSettings",
    "Finding",
    "Host",
    "Hub",
    "Instance",
    "LoadedSite",
    "LogLevel",
    "Manage",
    "Severity",
    "Site",
    "SiteOption",
    "agent_folder",
    "agent_settings",
    "check",
    "client_settings",
    "decode_name",
    "default_state_dir",
    "encode_name",
    "find_host",
    "find_site_file",
    "flatten_arguments",
    "load_site",
    "names_of_folder",
    "router_folder",
    "site_schema",
]
