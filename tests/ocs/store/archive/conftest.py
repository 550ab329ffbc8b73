"""The files of an archive, for tests of what works on them without the archive's own threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import Layout
from tests.ocs.store.archive.sealed import opened


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "archive")
    layout.journals.mkdir(parents=True)
    return layout


@pytest.fixture
def catalogue(layout: Layout) -> Iterator[Catalogue]:
    with opened(layout) as catalogue:
        yield catalogue
