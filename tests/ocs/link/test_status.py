from __future__ import annotations

from dataclasses import asdict, fields

from ocs.link.status import LinkCounters, Tally


def test_counters_hold_every_count_of_the_tally() -> None:
    names = [field.name for field in fields(Tally)]
    tally = Tally(**{name: number for number, name in enumerate(names, start=1)})

    assert asdict(tally.counters()) == asdict(tally)
    assert [field.name for field in fields(LinkCounters)] == names
