"""The commands of the simulated supply itself: who commands it, its settings, what it measures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from agents.scpi_psu.reply import MODELS, Output
from agents.scpi_psu.scpi import Arguments, Commands, Refused, boolean, decimal, whole
from agents.scpi_psu.status import ErrorNumber
from agents.scpi_psu.terminals import Terminals

_VOLTAGE, _CURRENT = (f"[SOURce:]{what}[:LEVel][:IMMediate][:AMPLitude]" for what in ("VOLTage", "CURRent"))
_LIMIT = "[SOURce:]VOLTage:LIMit"
_ALL_OUTPUTS = "[SOURce:]OUTPut[:STATe][:ALL]"
_ONE_OUTPUT = "[SOURce:]CHANnel:OUTPut[:STATe]"

Setter = Callable[[Arguments], None]


class Panel:
    """What can be set and measured at a supply with three outputs.

    Args:
        outputs: Its outputs, CH1 to CH3.
        commands: Gets the commands.
    """

    def __init__(self, outputs: Iterable[Terminals], commands: Commands) -> None:
        self.outputs: Mapping[Output, Terminals] = dict(zip(Output, outputs, strict=True))
        self.selected = Output.CH1
        self.remote = False
        self._add_system(commands)
        self._add_settings(commands)
        self._add_questions(commands)
        self._add_measurements(commands)

    def reset(self) -> None:
        """Switch all off and take the settings of the factory; who commands stays."""
        self.selected = Output.CH1
        for terminals in self.outputs.values():
            terminals.reset()

    @property
    def _terminals(self) -> Terminals:
        return self.outputs[self.selected]

    def _add_system(self, commands: Commands) -> None:
        commands.add("*IDN?", lambda _: f"Keithley Instruments,{MODELS[-1]},SIMULATED,1.0")
        commands.add("*TST?", lambda _: "0")
        commands.add("*WAI", lambda _: None)
        commands.add("SYSTem:VERSion?", lambda _: "1999.0")
        commands.add("SYSTem:REMote", lambda _: self._take_over(remote=True))
        commands.add("SYSTem:RWLock", lambda _: self._take_over(remote=True))
        commands.add("SYSTem:LOCal", lambda _: self._take_over(remote=False))
        # Who only asks must select too: the questions about settings concern the selected output.
        commands.add("INSTrument[:SELect]", lambda a: self._select(_output(a[0])), arguments=(1,))
        commands.add("INSTrument:NSELect", lambda a: self._select(Output(whole(a[0], range(1, 4)))), arguments=(1,))

    def _add_settings(self, commands: Commands) -> None:
        self._add_setter(commands, "*RST", lambda _: self.reset(), (0,))
        self._add_setter(commands, _VOLTAGE, lambda a: _set_volts(self._terminals, a[0]))
        self._add_setter(commands, _CURRENT, lambda a: _set_amperes(self._terminals, a[0]))
        self._add_setter(commands, f"{_LIMIT}[:LEVel]", lambda a: _set_limit(self._terminals, a[0]))
        self._add_setter(commands, f"{_LIMIT}:STATe", lambda a: _use_limit(self._terminals, on=boolean(a[0])))
        self._add_setter(commands, "[SOURce:]APPLy", self._apply, (2, 3))
        self._add_setter(commands, _ALL_OUTPUTS, lambda a: _switch(self.outputs.values(), on=boolean(a[0])))
        self._add_setter(commands, _ONE_OUTPUT, lambda a: _switch([self._terminals], on=boolean(a[0])))

    def _add_setter(self, commands: Commands, form: str, setter: Setter, arguments: tuple[int, ...] = (1,)) -> None:
        def obey(given: Arguments) -> None:
            if not self.remote:
                raise Refused(ErrorNumber.PROTECTED)
            setter(given)

        commands.add(form, obey, arguments=arguments)

    def _add_questions(self, commands: Commands) -> None:
        def ask(form: str, look: Callable[[Terminals], str]) -> None:
            commands.add(form, lambda _: look(self._terminals))

        def ask_level(form: str, look: Callable[[Terminals], tuple[float, float]]) -> None:
            commands.add(form, lambda a: _level(a, *look(self._terminals)), arguments=(0, 1))

        commands.add("INSTrument[:SELect]?", lambda _: self.selected.name)
        commands.add("INSTrument:NSELect?", lambda _: str(self.selected.value))
        ask_level(f"{_VOLTAGE}?", lambda t: (t.volts_set, t.rating.volts))
        ask_level(f"{_CURRENT}?", lambda t: (t.amperes_set, t.rating.amperes))
        ask(f"{_LIMIT}[:LEVel]?", lambda t: _text(t.volts_limit))
        ask(f"{_LIMIT}:STATe?", lambda t: str(int(t.limited)))
        ask(f"{_ONE_OUTPUT}?", lambda t: str(int(t.on)))
        commands.add(f"{_ALL_OUTPUTS}?", lambda _: str(int(any(t.on for t in self.outputs.values()))))

    def _add_measurements(self, commands: Commands) -> None:
        def measure(header: str, look: Callable[[Terminals], float]) -> None:
            for verb in ("MEASure[:SCALar]", "FETCh[:SCALar]"):
                commands.add(f"{verb}{header}", lambda a: self._measured(a, look), arguments=(0, 1))

        def summarise(output: Output, terminals: Terminals) -> None:
            name = f"INSTrument:ISUMmary{output.value}:CONDition?"
            commands.add(f"STATus:QUEStionable:{name}", lambda _: str(terminals.protection.value))
            commands.add(f"STATus:OPERation:{name}", lambda _: str(terminals.regulation.value))

        measure("[:VOLTage][:DC]?", lambda t: t.volts)
        measure(":CURRent[:DC]?", lambda t: t.amperes)
        measure(":POWer[:DC]?", lambda t: t.volts * t.amperes)
        commands.add("STATus:QUEStionable:INSTrument:CONDition?", lambda _: str(self._tripped()))
        for output, terminals in self.outputs.items():
            summarise(output, terminals)

    def _take_over(self, *, remote: bool) -> None:
        self.remote = remote

    def _select(self, output: Output) -> None:
        self.selected = output

    def _apply(self, arguments: Arguments) -> None:
        self._select(_output(arguments[0]))
        _set_volts(self._terminals, arguments[1])
        for text in arguments[2:]:
            _set_amperes(self._terminals, text)

    def _measured(self, arguments: Arguments, look: Callable[[Terminals], float]) -> str:
        if arguments == ("ALL",):
            return ",".join(_text(look(terminals)) for terminals in self.outputs.values())
        return _text(look(self.outputs[_output(arguments[0]) if arguments else self.selected]))

    def _tripped(self) -> int:
        return sum(1 << output.value for output, terminals in self.outputs.items() if terminals.protection)


def _set_volts(terminals: Terminals, text: str) -> None:
    highest = terminals.volts_limit if terminals.limited else terminals.rating.volts
    terminals.volts_set = _setting(text, "V", highest, default=0.0)


def _set_amperes(terminals: Terminals, text: str) -> None:
    terminals.amperes_set = _setting(text, "A", terminals.rating.amperes, default=terminals.rating.amperes)


def _set_limit(terminals: Terminals, text: str) -> None:
    limit = _setting(text, "V", terminals.rating.volts, default=terminals.rating.volts)
    if terminals.limited and limit < terminals.volts_set:
        raise Refused(ErrorNumber.SETTINGS_CONFLICT)
    terminals.volts_limit = limit


def _use_limit(terminals: Terminals, *, on: bool) -> None:
    if on and terminals.volts_limit < terminals.volts_set:
        raise Refused(ErrorNumber.SETTINGS_CONFLICT)
    terminals.limited = on


def _switch(outputs: Collection[Terminals], *, on: bool) -> None:
    if on and any(terminals.protection for terminals in outputs):
        raise Refused(ErrorNumber.SETTINGS_CONFLICT)
    for terminals in outputs:
        terminals.switch(on=on)


def _output(text: str) -> Output:
    if text not in Output.__members__:
        raise Refused(ErrorNumber.ILLEGAL_VALUE)
    return Output[text]


def _bounds(highest: float) -> dict[str, float]:
    return {"MIN": 0.0, "MINIMUM": 0.0, "MAX": highest, "MAXIMUM": highest}


def _setting(text: str, unit: str, highest: float, *, default: float) -> float:
    words = _bounds(highest) | {"DEF": default, "DEFAULT": default}
    value = words[text] if text in words else round(decimal(text, unit), 3)
    if not 0 <= value <= highest:
        raise Refused(ErrorNumber.OUT_OF_RANGE)
    return value


def _level(arguments: Arguments, present: float, highest: float) -> str:
    if not arguments:
        return _text(present)
    if arguments[0] not in _bounds(highest):
        raise Refused(ErrorNumber.ILLEGAL_VALUE)
    return _text(_bounds(highest)[arguments[0]])


def _text(value: float) -> str:
    return f"{value:.3f}"
