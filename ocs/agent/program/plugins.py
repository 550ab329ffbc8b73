"""Finding device classes: of installed packages by entry point, of a site by its agent folders."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from ocs.agent.device import Device
from ocs.model.errors import ConfigurationError

GROUP = "ocs.agents"

Devices = dict[str, type[Device]]


def known_classes(agent_paths: Sequence[Path] = ()) -> list[str]:
    """Return the names of all agent classes that can be started, without importing them where possible."""
    installed = {point.name for point in entry_points(group=GROUP)}
    return sorted(installed | set(local_modules(agent_paths)))


def find_devices(agent_class: str, agent_paths: Sequence[Path] = ()) -> Devices:
    """Return the device classes of an agent class, by name; the first is the default.

    Raises:
        ConfigurationError: There is no such class, or its module cannot be imported.
    """
    local = local_modules(agent_paths)
    if agent_class in local:
        return _classes_in(agent_class, _import_local(local[agent_class]))
    for point in entry_points(group=GROUP):
        if point.name == agent_class:
            try:
                loaded = point.load()
            except Exception as error:
                raise ConfigurationError(
                    f"agent class {agent_class} cannot be loaded from {point.value}: {type(error).__name__}: {error}",
                    field="agent-class", given=agent_class,
                ) from error  # fmt: skip
            classes = loaded if isinstance(loaded, (list, tuple)) else [loaded]
            return {found.__name__: found for found in classes}
    known = ", ".join(known_classes(agent_paths)) or "none"
    raise ConfigurationError(
        f"there is no agent class {agent_class}; known are {known} "
        "(more come from installed packages and from the site file's agent_paths)",
        field="agent-class", given=agent_class, allowed=known_classes(agent_paths),
    )  # fmt: skip


def local_modules(agent_paths: Sequence[Path]) -> dict[str, Path]:
    """Return the agent files below the given folders, by agent class.

    A folder `smc100` with an `agent.py` that says `AGENT_CLASS = "Smc100Agent"` offers that class; the line is
    read, not run.
    """
    found: dict[str, Path] = {}
    for folder in agent_paths:
        for path in sorted(Path(folder).glob("*/agent.py")):
            for line in path.read_text().splitlines():
                if line.startswith("AGENT_CLASS"):
                    found.setdefault(line.partition("=")[2].strip().strip("\"'"), path)
    return found


def classes_of(module: ModuleType) -> list[type[Device]]:
    """Return the device classes that a module defines, in its order."""
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Device) and value.__module__ == module.__name__
    ]


def _classes_in(agent_class: str, module: ModuleType) -> Devices:
    classes = classes_of(module)
    if not classes:
        raise ConfigurationError(f"{module.__file__} defines no device class for {agent_class}")
    return by_name(classes)


def by_name(classes: Iterable[type[Device]]) -> Devices:
    """Return device classes by their names."""
    return {found.__name__: found for found in classes}


def _import_local(path: Path) -> ModuleType:
    folder = path.parent.parent
    name = f"{folder.name}.{path.parent.name}.agent"
    parent = str(folder.parent.absolute())
    if parent not in sys.path:
        sys.path.insert(0, parent)
    try:
        # A package of the same name that is installed elsewhere, such as a checkout's `agents`, must not hide this one.
        places = importlib.import_module(folder.name).__path__
        if str(folder.absolute()) not in places:
            places.insert(0, str(folder.absolute()))
        return importlib.import_module(name)
    except Exception as error:
        raise ConfigurationError(
            f"{path} cannot be imported: {type(error).__name__}: {error}", field="agent_paths", given=str(path)
        ) from error
