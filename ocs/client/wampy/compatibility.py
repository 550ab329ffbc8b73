"""Answers as the objects and exceptions that wampy's own proxies and scripts know."""

from __future__ import annotations

from typing import Any

from ocs.client.wampy.answers import error_of, result_of, value_of
from ocs.client.wampy.door import Error, Result, WampyError, WampyTimeOutError
from ocs.client.wampy.pending import Answer
from ocs.client.wampy.protocol import Code
from ocs.model.errors import DeadlineError


class LateError(DeadlineError, WampyTimeOutError):  # type: ignore[misc]  # wampy carries no types
    """A call by wampy's own `rpc` proxy had no answer in time: ours and wampy's exception in one."""


class SafeResult(Result):  # type: ignore[misc]  # wampy carries no types
    """wampy's result, whose value is right for every shape of result."""

    @property
    def value(self) -> Any:
        """The value, as `SafeClient.call` returns it."""
        return value_of(self.yield_args or [], self.yield_kwargs or {})


def wampy_answer(answer: Answer) -> Any:
    """Return wampy's Result or Error for an answer to a call.

    Raises:
        WampyError: It is neither.
    """
    if answer[0] == Code.ERROR.value:
        uri, args, kwargs = error_of(answer)
        return Error(answer[1], answer[2], error=uri, args_list=args, kwargs_dict=kwargs)
    if answer[0] == Code.RESULT.value:
        return SafeResult(answer[1], answer[2], *result_of(answer))
    raise WampyError(f"a request was answered with {answer}, which is neither a result nor an error")
