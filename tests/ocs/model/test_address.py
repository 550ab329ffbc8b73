from __future__ import annotations

import pytest

from ocs.model.address import check_channel_name, check_device_name, check_root, fold, is_admin, python_name
from ocs.model.errors import ConfigurationError


@pytest.mark.parametrize("name", ["thermo-1", "LSA22YG", "cryo/thermo/1", "dserver/Oven/oven-1"])
def test_names_of_ocs_and_of_tango_are_taken(name: str) -> None:
    assert check_device_name(name) == name


@pytest.mark.parametrize("name", ["", "a.b", "a b", "/a", "a/", "a//b", "ü", "a" * 256, "a\n"])
def test_what_would_break_the_address_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot name a device"):
        check_device_name(name)


@pytest.mark.parametrize("root", ["a.b", "", "a/b"])
def test_a_root_is_one_word(root: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be an address root"):
        check_root(root)


@pytest.mark.parametrize("name", ["2nd", "_a", "a-b", ""])
def test_a_channel_is_named_as_a_field(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot name a channel"):
        check_channel_name(name)


def test_a_name_in_python_has_underscores() -> None:
    assert python_name("set-point now") == "set_point_now"


def test_names_are_the_same_without_regard_to_case() -> None:
    assert fold("Thermo-1") == fold("THERMO-1")


def test_admin_devices_are_told_by_their_names() -> None:
    assert is_admin("dserver/Oven/oven-1")
    assert not is_admin("dserver-1")
    assert not is_admin("cryo/dserver/1")
