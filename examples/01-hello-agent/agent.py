"""The smallest agent: a task that ends by itself, and a process that runs until it is stopped."""

from ocs.agent import Device, Feed, Session, process, run, task


class Hello(Device):
    """An agent that greets and counts."""

    counter = Feed(doc="the number that was counted")

    @task
    def greet(self, session: Session, name: str = "world", times: int = 4) -> str:
        """Greet somebody, and tell how it went.

        Args:
            name: Whom to greet.
            times: How often, each half a second long.
        """
        for number in range(1, times + 1):
            session.sleep(0.5)  # an abort is raised here
            session.progress(number / times, f"hello, {name}")
        return f"greeted {name} {times} times"

    @process
    def count(self, session: Session) -> None:
        """Count until stopped, five numbers a second."""
        for number in session.ticks(5):
            session.data = {"number": number}
            self.counter.publish(number=number)


if __name__ == "__main__":
    run(Hello)
