"""Talking to a realm from programs: find devices, call their operations, follow their feeds.

    with connect() as obs:
        oven = obs["oven-1"]
        run = oven.ramp.start(target=310)
        print(run.wait(timeout_s=600).result)

`ocs.client.aio` has the same with `await`, `ocs.client_wampy` the same on wampy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Observatory", "connect"]


class Observatory:
    """A realm as a blocking script sees it: `obs["thermo-1"]` is a device; a context manager.

    Args:
        client: The blocking flavour that carries requests out.
        root: The address root.
        registry: Name of the registry.
        archiver: Name of the archiver.
    """

    def __init__(self, client: Any, root: str, registry: str, archiver: str = "archiver") -> None:
        from ocs.client.surface import Realm

        self.client = client
        self.realm = Realm(client, root, registry, archiver=archiver)

    def __getitem__(self, name: str) -> Any:
        """Return the device called `name`; NotFoundError tells who is there instead."""
        return self.realm.device(name)

    def devices(self) -> dict[str, dict[str, Any]]:
        """Return what the registry knows of each device, by name: `expired`, `agent_class`, `op_codes` ..."""
        known: dict[str, dict[str, Any]] = self.realm.devices()
        return known

    def subscribe(self, device: str, feed: str, handler: Callable[[Any], None]) -> Any:
        """Have `handler` called for each message of a feed; an empty name stands for every device or feed."""
        return self.realm.subscribe(device, feed, handler)

    def history(self, channels: str | Sequence[str], start: Any = "-1h", end: Any = "now", **options: Any) -> Any:
        """Return what was archived of channels, as a `History`; arguments as of `Realm.history`."""
        return self.realm.history(channels, start, end, **options)

    def chunks(self, channels: str | Sequence[str], start: Any = "-1h", end: Any = "now", **options: Any) -> Any:
        """Return an iterator over the same piece by piece, in bounded memory; arguments as of `Realm.chunks`."""
        return self.realm.chunks(channels, start, end, **options)

    def gaps(self, pattern: str | Sequence[str] = "*", start: Any = None, end: Any = None) -> Any:
        """Return the known holes in the archive, each with its cause; arguments as of `Realm.gaps`."""
        return self.realm.gaps(pattern, start, end)

    def close(self) -> None:
        """Leave the realm."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    url: str | None = None,
    *,
    realm: str | None = None,
    root: str | None = None,
    site_file: str | Path | None = None,
    timeout_s: float = 10.0,
) -> Observatory:
    """Join a realm and return it.

    Args:
        url: Address of the router, as `ws://127.0.0.1:8001/ws`; else of the environment, the site file, or
            this machine's default port.
        realm: Name of the realm; `test_realm` by default.
        root: First part of every address; `observatory` by default.
        site_file: The site file.
        timeout_s: Time in which the router must be joined, in s.

    Raises:
        RouterLostError: It was not joined in time.
        ConfigurationError: An address or a file is wrong.
    """
    from ocs.client.blocking import BlockingClient
    from ocs.client.settings import find_place

    place = find_place(url, realm=realm, root=root, site_file=site_file)
    return Observatory(BlockingClient(place, timeout_s=timeout_s), place.root, place.registry, place.archiver)
