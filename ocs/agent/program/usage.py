"""The help text of an agent's command line, made from its device class."""

from __future__ import annotations

from ocs.agent.program.plugins import Devices

_COMMON = """\
  --instance-id NAME       name of the agent; its entry in the site file
  --site-file FILE         the site file; or OCS_SITE_FILE, or OCS_CONFIG_DIR/default.yaml
  --site-host NAME         entry of the site file's hosts; this machine's name by default
  --site-hub URL           address of the router, as ws://127.0.0.1:8001/ws
  --site-realm REALM       realm to join
  --address-root ROOT      first part of every address
  --log-dir DIR            folder of the log file
  --log-level LEVEL        debug, info, warn or error
  --state-dir DIR          folder of what survives a restart"""


def usage(classes: Devices) -> str:
    """Return what `--help` prints."""
    lines = ["usage: agent --instance-id NAME [options]", ""]
    for name, device_class in classes.items():
        lines += [f"{name}: {device_class.doc().splitlines()[0] if device_class.doc() else ''}"]
        for declared in device_class.declared_properties.values():
            option = f"--{declared.name.replace('_', '-')} {type(declared.default).__name__.upper()}"
            unit = f" {declared.unit}" if declared.unit else ""
            lines.append(f"  {option:<24} {declared.doc} [{declared.default}{unit}]")
        lines.append("")
    return "\n".join([*lines, "for every agent:", _COMMON])
