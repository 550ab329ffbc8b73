"""The files in a spool's folder: their names, what a start finds, and the reserve for a full disk."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from ocs.store.framed_log import HEAD
from ocs.store.spool.limits import NS, Damage
from ocs.store.spool.mark import End, Marked
from ocs.store.spool.segment import Segment, time_at

SUFFIX = ".segment"
DAMAGED_KEPT = 8
"""So many damaged files are kept for whoever wants to look; then the oldest goes."""


def segment_path(folder: Path, priority: int, number: int) -> Path:
    """Return the name of a segment."""
    return folder / f"{priority}-{number:012d}{SUFFIX}"


def found_segments(folder: Path, marked: Marked) -> tuple[list[Segment], list[Damage]]:
    """Return the segments of a folder, oldest first, and which files were damaged.

    An incomplete entry at the end of the newest file of a priority was never committed, unless the mark says so;
    anywhere else it is damage. A damaged file is set aside; what can be read before the damage stays. Files without
    entries are deleted.

    Args:
        folder: The folder.
        marked: What the earlier process has promised.
    """
    segments: list[Segment] = []
    damaged: dict[int, Damage] = {}
    newest: dict[str, int] = {}
    found: dict[int, Segment] = {}
    paths = sorted(folder.glob("*" + SUFFIX))
    last = {path.stem.partition("-")[0]: path for path in paths}
    for path in paths:
        chain, _, number = path.stem.partition("-")
        try:
            segment = Segment(path, int(number), int(chain))
            rest = segment.load()
            broken = rest.damaged or rest.frames > 0 or (rest.torn_bytes > 0 and path != last[chain])
        except (OSError, ValueError):
            segment, broken = Segment(path, -len(damaged), 0), True
        newest[chain] = segment.newest or newest.get(chain, 0)
        found[segment.number] = segment
        if broken:
            damaged[segment.number] = _set_aside(segment, newest[chain])
        if not segment.done:
            segments.append(segment)
        elif not broken:
            path.unlink(missing_ok=True)
    cut = [
        _cut(segment_path(folder, priority, end.number), end, found.get(end.number), marked)
        for priority, end in marked.ends.items()
        if end.number not in damaged
    ]
    told = [*damaged.values(), *(damage for damage in cut if damage is not None)]
    return sorted(segments, key=lambda segment: segment.number), told


def _cut(path: Path, end: End, segment: Segment | None, marked: Marked) -> Damage | None:
    """Return what is missing of a file that was good up to its end; None when all is there."""
    same = segment is not None and segment.begun == end.begun
    if not same and not marked.whole:
        return None  # it was emptied after the mark had been on the disk, most likely
    there = segment.size if segment is not None and same else len(HEAD)
    missing = (end.size if marked.whole else end.synced) - there
    if missing <= 0:
        return None
    first = segment.newest if segment is not None and same else end.oldest
    return Damage(str(path), first, max(first, marked.last or first), missing)


def _set_aside(segment: Segment, newest: int) -> Damage:
    path = segment.path
    aside = path.with_suffix(".damaged")
    begun = time_at(path, segment.size)
    written = newest
    with suppress(OSError):
        written = int(path.stat().st_mtime * NS)
        if segment.done:
            path.replace(aside)
        else:
            shutil.copyfile(path, aside)
    if not segment.done:
        with suppress(OSError):
            os.truncate(path, segment.size)
    older = sorted(path.parent.glob("*.damaged"), key=lambda each: each.stat().st_mtime)
    for each in older[:-DAMAGED_KEPT]:
        each.unlink(missing_ok=True)
    first = newest or (begun if 0 < begun <= written else written)
    return Damage(str(aside), first, max(written, newest))


def make_reserve(path: Path, size: int) -> None:
    """Have a file that can be given up when the disk is full; where there is no room for it there is none."""
    if path.exists():
        return
    try:
        with path.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError:
        path.unlink(missing_ok=True)
