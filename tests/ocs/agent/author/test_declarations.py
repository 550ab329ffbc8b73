from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import AsyncSession, Device, Feed, Property, Session, process, task
from ocs.model.errors import ConfigurationError, ParameterError
from ocs.model.operation import Kind


def undocumented(self: Any, session: Any) -> None: ...


def documented(self: Any, session: Any) -> None:
    """Do."""


@pytest.mark.parametrize(
    ("declare", "error", "told"),
    [
        (lambda: task(undocumented), TypeError, "needs a docstring"),
        (lambda: task(level=5)(documented), ValueError, "level is 5; it must be 1 to 4"),
        (lambda: task(timeout_s=0)(documented), ValueError, "must be more than 0 s"),
        (lambda: Property(1.0, unit="parsnip"), ValueError, "'parsnip' is not known"),
    ],
)
def test_what_makes_no_sense_cannot_be_declared(declare: Callable[[], Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        declare()


class Base(Device):
    """A base."""

    port: Property[str] = Property("sim", doc="its port")
    samples = Feed(doc="samples")

    @task
    def move(self, session: Session) -> str:
        """Move."""
        return "base"

    @process(startup=True)
    async def watch(self, session: AsyncSession) -> None:
        """Watch."""


class Derived(Base):
    """A derived class."""

    port: Property[str] = Property("/dev/ttyS0", doc="its port")

    @task(level=2, abortable=False, timeout_s=5.0)
    def move(self, session: Session) -> str:
        """Move otherwise."""
        return "derived"


def test_a_class_has_the_declarations_of_its_bases_and_its_own_win() -> None:
    operations = Derived.declared_operations

    assert list(operations) == ["move", "watch"]
    move = operations["move"].interface
    assert (move.doc, move.level, move.abortable, move.timeout_s) == ("Move otherwise.", 2, False, 5.0)
    assert list(Derived.declared_feeds) == ["samples"]
    assert Base.declared_operations["move"].interface.doc == "Move."


def test_kind_and_dialect_are_seen_from_the_function() -> None:
    watch = Base.declared_operations["watch"]

    assert (watch.interface.kind, watch.interface.blocking, watch.startup) == (Kind.PROCESS, False, {})
    assert Base.declared_operations["move"].interface.blocking


def test_an_operation_can_be_called_inside_the_device() -> None:
    assert Derived("d").move(None) == "derived"


class Configured(Device):
    """A device with properties."""

    rate: Property[float] = Property(1.0, unit="Hz", doc="a rate")
    count: Property[int] = Property(2, doc="a count")
    mode: Property[str] = Property("idle", doc="a mode", choices=("idle", "acq"))
    loud: Property[bool] = Property(default=False, doc="a switch")


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [("rate", "2.5", 2.5), ("count", 3, 3), ("count", "3", 3), ("mode", "acq", "acq"), ("loud", "true", True)],
)
def test_properties_are_read_from_words(name: str, given: Any, value: Any) -> None:
    assert getattr(Configured("c", {name: given}), name) == value


def test_dashes_are_underscores_in_names_of_properties() -> None:
    class Slow(Device):
        """Slow."""

        poll_period_s: Property[float] = Property(1.0, unit="s", doc="a period")

    assert Slow("s", {"poll-period-s": 2}).poll_period_s == 2.0


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"rate": "fast"}, "property rate is 'fast'"),
        ({"mode": "fly"}, "it must be one of idle, acq"),
        ({"tempo": 1}, "Configured has no property tempo; it has count, loud, mode, rate"),
    ],
)
def test_a_wrong_property_is_refused_in_one_sentence(properties: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Configured("c", properties)

    assert told in caught.value.message


def test_properties_of_two_devices_are_apart() -> None:
    first, second = Configured("a", {"rate": 5}), Configured("b")

    assert (first.rate, second.rate) == (5.0, 1.0)


def test_a_unit_of_a_feed_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean K"):
        Feed(units={"*_T": "k"})


def test_a_feed_of_an_ocs_name_is_refused_where_it_breaks_the_rules() -> None:
    with pytest.raises(ParameterError):
        Feed(name="9lives").__set_name__(Device, "lives")
