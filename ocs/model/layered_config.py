"""The configuration of a channel in four layers: device over class over code over library, key by key.

The rules are Tango's (attribute properties): each key is looked for from the nearest layer outwards, three
words put it back, and only what differs from what would hold anyway is stored.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from ocs.model.channel_config import CONFIG_KEYS, ChannelConfig, ConfigSource, library_config, plain_setting
from ocs.model.config_rules import INCREASING, check_coherent, check_setting
from ocs.model.errors import ParameterError, UnknownParameterError
from ocs.model.scalars import shown
from ocs.model.valuetype import ValueType

NOT_SPECIFIED, CODE_DEFAULT, NEXT_LAYER = "Not specified", "", "NaN"
"""Words instead of a value: the library's default; the code's, else the library's; what holds without this layer."""

Layer = dict[str, Any]


class LayeredConfig:
    """The configuration of one channel.

    Args:
        name: Name of the channel, which is its label if nobody gives another.
        value_type: Type of its values.
        code: What the declaration gives, by key; None counts as not given.

    Raises:
        TypeError: The declaration has an unknown key, a wrong value, or values that do not go together.
    """

    def __init__(self, name: str, value_type: ValueType, code: Mapping[str, Any]) -> None:
        self._type = value_type
        self._library = library_config(name, value_type)
        self._layers: dict[ConfigSource, Layer] = {ConfigSource.CLASS: {}, ConfigSource.DEVICE: {}}
        labels = {"enum_labels": value_type.labels} if value_type.labels else {}
        given = labels | {key: value for key, value in code.items() if value is not None}
        try:
            self._code = {_known(key): check_setting(key, value, value_type) for key, value in given.items()}
            self._effective, self._sources = self._resolved(self._layers)
        except ParameterError as error:
            raise TypeError(f"channel {name}: {error.message}") from error

    @property
    def effective(self) -> ChannelConfig:
        """What holds now; the same object until something changes."""
        return self._effective

    @property
    def sources(self) -> dict[str, ConfigSource]:
        """Where the value of each key comes from."""
        return dict(self._sources)

    def set(self, values: Mapping[str, Any], scope: ConfigSource = ConfigSource.DEVICE) -> list[str]:
        """Give keys new values, all of them or, after a refusal, none.

        Args:
            values: By key: a value; `Not specified` or None for the library's default; an empty text for the code's
                default, else the library's; `NaN` for what holds without this layer.
            scope: The layer: device or class.

        Returns:
            The keys of which another value holds now.

        Raises:
            UnknownParameterError: There is no such key.
            ParameterError: A value has the wrong type, or the key makes no sense for the channel's type.
            OutOfRangeError: A value is out of range, or a lower limit would not lie below the upper one.
        """
        if not isinstance(values, Mapping):
            raise ParameterError(f"the keys to set are given as a map, not as {shown(values)}", field="values")
        layer: Layer = dict(self._layer(scope))
        for key, value in values.items():
            self._put(layer, _known(key), value)
        return self._take(layer, scope)

    def reset(self, keys: Iterable[str], scope: ConfigSource = ConfigSource.DEVICE) -> list[str]:
        """Remove what a layer says about keys.

        Returns:
            The keys of which another value holds now.

        Raises:
            UnknownParameterError: There is no such key.
            ParameterError: The keys are no list.
            OutOfRangeError: A lower limit would not lie below the upper one.
        """
        if not isinstance(keys, Iterable):
            raise ParameterError(f"the keys to reset are given as a list, not as {shown(keys)}", field="values")
        gone = {_known(key) for key in ([keys] if isinstance(keys, str) else keys)}
        return self._take({key: value for key, value in self._layer(scope).items() if key not in gone}, scope)

    def stored(self, scope: ConfigSource) -> dict[str, Any]:
        """Return what a layer says and would not hold without it, as JSON carries it; reset words stay words."""
        without = {**self._layers, scope: {}}
        return {
            key: plain_setting(value)
            for key, value in self._layer(scope).items()
            if self._value(key, self._layers, scope)[0] != self._value(key, without, scope)[0]
        }

    def load(self, scope: ConfigSource, stored: Any) -> list[str]:
        """Take a layer from what was stored before, passing over what makes no sense any more; the class comes first.

        Returns:
            One sentence for each key that was passed over, and why.
        """
        if not isinstance(stored, Mapping):
            return [f"the stored configuration is ignored: it is {shown(stored)}, no map"]
        layer: Layer = {}
        ignored = []
        for key, value in stored.items():
            try:
                self._put(layer, _known(key), value)
            except ParameterError as error:
                ignored.append(f"the stored {key} is ignored: {error.message}")
        for pair in INCREASING:
            try:
                self._resolved({**self._layers, scope: layer}, [pair])
            except ParameterError as error:
                gone = [key for key in pair if key in layer]
                ignored += [f"the stored {key} is ignored: {error.message}" for key in gone]
                layer = {key: value for key, value in layer.items() if key not in gone}
        try:
            self._take(layer, scope)
        except ParameterError as error:
            ignored.append(f"the stored configuration is ignored: {error.message}")
        return ignored

    def _layer(self, scope: ConfigSource) -> Layer:
        if scope not in self._layers:
            raise ParameterError(
                f"the {scope.value} layer cannot be changed; change that of the device or the class",
                field="scope", given=scope.value, allowed=[layer.value for layer in self._layers],
            )  # fmt: skip
        return self._layers[scope]

    def _put(self, layer: Layer, key: str, value: Any) -> None:
        if value is None:
            value = NOT_SPECIFIED
        if not isinstance(value, str) or value not in {NOT_SPECIFIED, CODE_DEFAULT, NEXT_LAYER}:
            layer[key] = check_setting(key, value, self._type)
        elif value == NEXT_LAYER:
            layer.pop(key, None)
        else:
            layer[key] = value

    def _take(self, layer: Layer, scope: ConfigSource) -> list[str]:
        layers = {**self._layers, scope: layer}
        before = self._effective
        self._effective, self._sources = self._resolved(layers)
        self._layers = layers
        return [key for key in CONFIG_KEYS if getattr(before, key) != getattr(self._effective, key)]

    def _resolved(
        self, layers: Mapping[ConfigSource, Layer], pairs: Iterable[tuple[str, str]] = INCREASING
    ) -> tuple[ChannelConfig, dict[str, ConfigSource]]:
        # what a class says must also do for a device that adds nothing
        check_coherent(self._seen(ConfigSource.CLASS, layers)[0], pairs)
        config, sources = self._seen(ConfigSource.DEVICE, layers)
        check_coherent(config, pairs)
        return config, sources

    def _seen(
        self, nearest: ConfigSource, layers: Mapping[ConfigSource, Layer]
    ) -> tuple[ChannelConfig, dict[str, ConfigSource]]:
        found = {key: self._value(key, layers, nearest) for key in CONFIG_KEYS}
        values = {key: value for key, (value, _) in found.items()}
        return ChannelConfig(**values), {key: source for key, (_, source) in found.items()}

    def _value(self, key: str, layers: Mapping[ConfigSource, Layer], nearest: ConfigSource) -> tuple[Any, ConfigSource]:
        """Return what holds for a key, and its layer, seen from the layer `nearest` outwards."""
        for scope in (ConfigSource.DEVICE, ConfigSource.CLASS)[nearest is ConfigSource.CLASS :]:
            if key not in layers[scope]:
                continue
            value = layers[scope][key]
            if value == NOT_SPECIFIED:
                return getattr(self._library, key), ConfigSource.LIBRARY
            if value == CODE_DEFAULT:
                break
            return value, scope
        if key in self._code:
            return self._code[key], ConfigSource.CODE
        return getattr(self._library, key), ConfigSource.LIBRARY


def _known(key: Any) -> str:
    if isinstance(key, str) and key in CONFIG_KEYS:
        return key
    near = difflib.get_close_matches(str(key), CONFIG_KEYS, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(CONFIG_KEYS)}"
    raise UnknownParameterError(
        f"a channel has no configuration key {key}; {hint}", field=str(key), allowed=list(CONFIG_KEYS)
    )
