"""What a script does with an agent; the same lines for both blocking clients."""

from itertools import islice

from ocs.client import Observatory
from ocs.model.errors import AbortedError, OcsError


def lesson(obs: Observatory) -> None:
    """Call a task, watch one, abort one, follow a feed, and be refused."""
    hello = obs["hello-1"]
    print(hello)

    print(hello.greet(name="Ada", times=1).result)  # starts the task and waits for its end

    run = hello.greet.start(name="Grace", times=2)  # starts it and goes on
    for progress in run.progress():
        if progress.message:
            print(f"{progress.fraction:4.0%} {progress.message}")
    print(run.wait().sentence)

    run = hello.greet.start(times=100)
    run.abort()
    try:
        run.wait(timeout_s=10)
    except AbortedError as error:
        print(error)

    hello.count.start()
    for message in islice(hello.feeds["counter"].follow(timeout_s=5), 2):
        print(message.samples[0].data)
    hello.count.stop()
    print(hello.count.wait(timeout_s=10).sentence)

    try:
        hello.greet(nam="Ada")
    except OcsError as error:
        print(f"{error.code.value}: {error}")
