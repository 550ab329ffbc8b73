"""What an author's check says: whether his device allows something now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocs.agent.calling.failing import as_error
from ocs.model.errors import NotAllowedError

NO = "the device does not allow it now"


def objection(answer: Any) -> str:
    """Return what an answer says against it: its sentence, one of ours for False, nothing for everything else."""
    if answer is None or isinstance(answer, str):
        return answer or ""
    return "" if answer else NO


def check_permission(check: Callable[..., Any], what: str, verb: str, *args: Any, **kwargs: Any) -> None:
    """Ask an author's check.

    Args:
        check: Returns False or a sentence to refuse.
        what: What is asked for, for the sentence: "channel door".
        verb: What would be done with it: "written".
        args: For the check.
        kwargs: For the check.

    Raises:
        NotAllowedError: It refuses.
        OcsError: It failed; what nobody could check is not allowed either.
    """
    name = what.rpartition(" ")[2]
    try:
        against = objection(check(*args, **kwargs))
    except Exception as error:
        raise as_error(error, f"the check of {what}") from error
    if against:
        raise NotAllowedError(f"{what} cannot be {verb}: {against}", field=name)
