"""Running an author's function: in a thread of its own when it blocks, as an asyncio Task when it does not."""

from __future__ import annotations

import asyncio
import queue
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.calling.stepping import Stepping
from ocs.agent.calling.timing import Timing
from ocs.model.cancellation import Cancellation, working_for

_STANDARD = sysconfig.get_path("stdlib")
_FRAMEWORK = tuple(f"{Path(__file__).parents[2]}/{floor}/" for floor in ("agent", "link", "model", "testing", "wire"))

IDLE_S = 60.0
"""An idle thread ends after so many seconds; the next run makes a new one."""

Body = Callable[[], Any]
Done = Callable[[Any, BaseException | None], None]


class Worker:
    """The thread of one blocking operation; made at its first run, waiting between runs."""

    def __init__(self, name: str, timing: Timing) -> None:
        self._name = name
        self._timing = timing
        self._jobs: queue.SimpleQueue[tuple[Cancellation | None, Body, Done] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._unfinished = 0

    def run(self, cancellation: Cancellation | None, body: Body, done: Done) -> None:
        """Have `body` called in the thread, then `done` with its result or exception in the loop."""
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # the machine gives no more threads: this job fails, the next may run
                    self._timing.soon(done, None, error)
                    return
                self._thread = thread
            self._unfinished += 1
            self._jobs.put((cancellation, body, done))
            self._timing.working.add(self._thread)

    def close(self) -> None:
        """Let the thread end when it has done its work."""
        self._jobs.put(None)

    def where(self) -> str:
        """Tell in one phrase at which line the thread is."""
        thread = self._thread
        frame = sys._current_frames().get(thread.ident or 0) if thread else None  # noqa: SLF001 - the only way
        return "no thread" if frame is None else _place(traceback.extract_stack(frame))

    def _serve(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                job = None
            if job is None:
                with self._lock:
                    if not self._jobs.empty():
                        continue
                    self._thread = None
                    return
            cancellation, body, done = job
            result, error = _call(cancellation, body)
            self._timing.soon(self._over, threading.current_thread(), done, result, error)
            del job, body, done, result, error

    def _over(self, thread: threading.Thread, done: Done, result: Any, error: BaseException | None) -> None:
        with self._lock:
            self._unfinished -= 1
            idle = not self._unfinished
        if idle:  # else it is at work on its next job already
            self._timing.working.discard(thread)
        done(result, error)


def _call(cancellation: Cancellation | None, body: Body) -> tuple[Any, BaseException | None]:
    try:
        if cancellation is None:
            return body(), None
        with working_for(cancellation):
            return body(), None
    except BaseException as error:  # noqa: BLE001 - the edge of the author's code: every end of it is told to clients
        return None, error


class LoopTask:
    """One run of a function in the event loop: a coroutine, or inlineCallbacks' Deferred."""

    def __init__(self, timing: Timing, cancellation: Cancellation, body: Body, done: Done) -> None:
        self._timing = timing
        self._cancellation = cancellation
        self._done = done
        self._deferred: Deferred[Any] | None = None
        self._begun = False
        self._task: asyncio.Task[None] = timing.loop.create_task(self._follow(body))

    def cancel(self) -> None:
        """Raise the request to end where the function waits; what has ended does not learn of it."""
        if self._task.done() or (self._deferred is not None and self._deferred.called):
            return
        if self._cancellation.mark_delivered() is None:
            return
        if self._deferred is not None:
            self._deferred.cancel()  # the generator gets it at its `yield`, and is waited for while it cleans up
        else:
            self._task.cancel()
            if not self._begun:  # asyncio ends it without a single step
                self._timing.soon(self._done, None, asyncio.CancelledError())

    def where(self) -> str:
        """Tell in one phrase at which line the function waits."""
        frames = self._task.get_stack(limit=5)
        return _place(traceback.extract_stack(frames[-1])) if frames else "the event loop"

    async def _follow(self, body: Body) -> None:
        self._begun = True
        result, error = None, None
        try:
            with working_for(self._cancellation):
                started = body()
                if isinstance(started, Deferred):
                    self._deferred = started
                    started = _await(started)
                result = await Stepping(started)
        except GeneratorExit as raised:  # the author's; or the loop is thrown away, and forgets what is asked of it
            self._timing.soon(self._done, None, raised)
            return
        except BaseException as raised:  # noqa: BLE001 - the edge of the author's code, as in a thread
            error = raised
        # Told from within: asyncio would call whoever waits for the task at the loop's next turn only.
        self._done(result, error)


async def _await(deferred: Deferred[Any]) -> Any:
    return await deferred


def place_of(error: BaseException) -> str:
    """Return in which function, file and line an exception was raised, the innermost that is no library's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_authors(frame)]
    chosen = (own or frames)[-1:]
    return _place(traceback.StackSummary.from_list(chosen)) if chosen else ""


def _is_authors(frame: traceback.FrameSummary) -> bool:
    """Whether a line is the author's, not one of Python, a library or the framework below him."""
    return not frame.filename.startswith((_STANDARD, *_FRAMEWORK)) and "site-packages" not in frame.filename


def _place(stack: traceback.StackSummary) -> str:
    own = [frame for frame in stack if _is_authors(frame)]
    frame = (own or list(stack))[-1]
    return f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})"


def run_in_loop(timing: Timing, begin: Callable[[], Any]) -> Deferred[Any]:
    """Call an author's reactor function (coroutine or inlineCallbacks), both dialects allowed, and return its result.

    Args:
        timing: The loop.
        begin: Calls the function.
    """
    answer: Deferred[Any] = Deferred(lambda _: _cancelled(task))

    async def follow() -> Any:
        try:
            started = begin()
            return await Stepping(_await(started) if isinstance(started, Deferred) else started)
        except (KeyboardInterrupt, SystemExit) as error:  # asyncio would end the whole loop for them
            raise RuntimeError(f"it raised {type(error).__name__}, which ends no agent") from error

    def ended(done: asyncio.Task[Any]) -> None:
        if answer.called:
            return
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        answer.callback(done.result()) if error is None else answer.errback(error)

    task: asyncio.Task[Any] = timing.loop.create_task(follow())
    task.add_done_callback(ended)
    return answer


def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
