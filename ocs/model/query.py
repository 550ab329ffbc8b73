"""One question to an instrument in text, and the reader of its answer: what drivers are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from ocs.model.errors import DeviceError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A question; a driver derives its own to say who answers, and what to check when nonsense comes.

    Attributes:
        text: What is sent, without the line end.
        convert: Reads the stripped answer; raises ValueError when it makes no sense.
        expected: What the answer must be, for people.
    """

    who: ClassVar[str] = "the instrument"
    advice: ClassVar[str] = "check cable, baud rate and model"

    text: str
    convert: Callable[[str], T]
    expected: str

    def parse(self, reply: str) -> T:
        """Read the reply, without its line end, as a typed value.

        Raises:
            DeviceError: The reply is not what the question asks for.
        """
        try:
            return self.convert(reply.strip())
        except ValueError as error:
            raise DeviceError(
                f"{self.who} answered {reply!r} to {self.text!r}; expected was {self.expected}; {self.advice}",
                given=reply,
            ) from error
