"""What the demonstration asks the archive, and what counts as a proof."""

from typing import Any

import pytest

from clients.proof import Proof, await_spools


class Spool:
    """An agent whose spool is as old as the list says, look by look."""

    def __init__(self, *ages: float | None) -> None:
        self.ages = list(ages)

    @property
    def channels(self) -> dict[str, Any]:
        """The channel, which reads itself."""
        return {"spool_age": self}

    def get(self) -> float | None:
        """Give the next age, in s."""
        return self.ages.pop(0)


class Realm(dict[str, Any]):
    """Devices by name."""

    def devices(self) -> list[str]:
        """Give their names."""
        return list(self)


@pytest.mark.parametrize(
    ("proof", "complete"),
    [
        (Proof(2356, 0, 0, 0), True),
        (Proof(0, 0, 0, 0), False),
        (Proof(2355, 1, 0, 1), False),
        (Proof(2357, 0, 1, 0), False),
    ],
)
def test_a_proof_has_samples_and_each_of_them_once(proof: Proof, *, complete: bool) -> None:
    assert proof.complete is complete


def test_each_spool_is_looked_at_until_it_has_caught_up() -> None:
    slow, empty = Spool(40.0, 0.2), Spool(None)

    await_spools(Realm({"dserver/A/a": slow, "dserver/B/b": empty, "thermo-1": object()}))

    assert slow.ages == empty.ages == []
