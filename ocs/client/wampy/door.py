"""The only import of wampy, with what it does to the process kept away.

wampy 1.1.0 at its import lets gevent replace sockets, sleep and threads, configures the root logger at
INFO and loads eventlet, which warns (performance page, section 2). Here gevent's patching and the
logger's configuration do nothing in this thread while the import runs, warnings are caught, the
root logger is put back, and wampy's own loggers are silent until somebody sets their level.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_PINNED = {
    "WAMPY_ASYNC_NAME": "gevent",  # the other choice patches too, and joins nothing
    "EVENTLET_NO_GREENDNS": "yes",  # else a resolver of a hundred modules is loaded: 0.3 s of the import
}


@contextmanager
def _environment(**pinned: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in pinned}
    os.environ.update(pinned)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _without(owner: Any, name: str) -> Iterator[None]:
    """Have `owner.name()` do nothing when this thread calls it; for other threads it stays what it is."""
    original: Callable[..., Any] = getattr(owner, name)
    here = threading.get_ident()

    def replacement(*args: Any, **kwargs: Any) -> Any:
        return None if threading.get_ident() == here else original(*args, **kwargs)

    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextmanager
def _same_root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    silent = logging.getLogger("wampy")
    silent.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


with warnings.catch_warnings(), _environment(**_PINNED), _same_root_logger(), _without(logging, "basicConfig"):
    warnings.simplefilter("ignore")
    import gevent.monkey

    with _without(gevent.monkey, "patch_all"):
        from wampy.constants import DEFAULT_ROLES
        from wampy.errors import WampyError, WampyTimeOutError
        from wampy.message_handler import MessageHandler
        from wampy.messages import Call, Cancel, Error, Goodbye, Hello, Publish, Register, Result, Subscribe, Yield
        from wampy.messages.authenticate import Authenticate
        from wampy.peers.clients import Client
        from wampy.roles.callee import callee
        from wampy.roles.subscriber import subscribe
        from wampy.session import Session
        from wampy.transports import SecureWebSocket, WebSocket

__all__ = [
    "DEFAULT_ROLES",
    "Authenticate",
    "Call",
    "Cancel",
    "Client",
    "Error",
    "Goodbye",
    "Hello",
    "MessageHandler",
    "Publish",
    "Register",
    "Result",
    "SecureWebSocket",
    "Session",
    "Subscribe",
    "WampyError",
    "WampyTimeOutError",
    "WebSocket",
    "Yield",
    "callee",
    "subscribe",
]
