from __future__ import annotations

from ocs.agent.calling.failing import as_error, told_of
from ocs.model.errors import ConfigurationError, DeviceError, ErrorCode


def raised() -> BaseException:
    try:
        return ValueError(str({}["raw"]))  # type: ignore[index] # it raises
    except KeyError as error:
        return error


def test_an_error_of_ours_stays_what_it_is() -> None:
    error = DeviceError("the door is open; close it")

    assert as_error(error, "read") is error


def test_another_exception_tells_type_text_and_place() -> None:
    error = as_error(raised(), "temperature")

    assert error.code is ErrorCode.FAILED
    assert error.field == "temperature"
    assert "temperature failed with KeyError: 'raw' in raised (test_failing.py:" in error.message


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert as_error(OSError("gone"), "read").message == "read failed with OSError: gone"


def test_what_is_told_of_an_exception_names_property_and_raw_value() -> None:
    error = ConfigurationError("the port is no number", field="port", given="COM1")

    assert told_of(error, {"port"}) == "ConfigurationError: the port is no number (property port is 'COM1')"
    assert told_of(error) == "ConfigurationError: the port is no number (port is 'COM1')"


def test_what_is_told_of_an_exception_without_property_is_type_and_text() -> None:
    assert told_of(ValueError("nine")) == "ValueError: nine"
    assert told_of(ConfigurationError("no port", field="port")) == "ConfigurationError: no port"
