"""The other side of the calls: a small program on autobahn, run as `python autobahn_peer.py URL REALM`."""

from __future__ import annotations

import sys
from typing import Any

from autobahn.twisted.component import Component, run
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallResult, RegisterOptions
from twisted.internet.defer import Deferred

ROOT = "observatory.peer"
held: dict[str, Deferred[str]] = {}
component = Component(transports=sys.argv[1], realm=sys.argv[2])


def echo(*args: Any, **kwargs: Any) -> Any:
    return args[0] if args else kwargs


def text(size: int) -> str:
    return "x" * size


def shape(kind: str) -> CallResult:
    return {
        "nothing": CallResult(),
        "several": CallResult(1, 2),
        "keywords": CallResult(a=1, b=2),
        "both": CallResult(1, 2, a=3),
    }[kind]


def fail() -> None:
    raise ApplicationError("observatory.error.bad", "too cold", 4.2, hint="warm it up")


def refuse() -> None:
    error = {
        "code": "out_of_range",
        "message": "target is 999 K; it must be 0 to 400 K",
        "field": "target",
        "given": 999,
    }
    raise ApplicationError("ocs.error.out_of_range", error)


def count(steps: int, details: Any) -> str:
    if details.progress:
        for step in range(steps):
            details.progress(step)
    return "done"


@component.on_join  # type: ignore[untyped-decorator]  # autobahn's
async def joined(session: Any, _details: Any) -> None:
    def hold(token: str) -> Deferred[str]:
        held[token] = Deferred()
        session.publish(f"{ROOT}.held", token)
        return held[token]

    def release(token: str) -> None:
        held.pop(token).callback(token)

    def burst(topic: str, number: int) -> None:
        for index in range(number):
            session.publish(topic, index)

    for function in (echo, text, shape, fail, refuse, hold, release, burst):
        await session.register(function, f"{ROOT}.{function.__name__}")
    await session.register(count, f"{ROOT}.count", RegisterOptions(details_arg="details"))
    print("ready", file=sys.__stdout__, flush=True)  # sys.stdout is the log by now


if __name__ == "__main__":
    run([component], log_level="error")
