"""Times that people have written as dates, as seconds since 1970 in UTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.files.headers import shortened


def moments_s(texts: Sequence[str], where: Callable[[int], str], zone: tzinfo | None = UTC) -> np.ndarray:
    """Seconds since 1970 of dates after ISO 8601: all of them with a zone, or none.

    Parameters
    ----------
    texts : sequence of str
    where : callable
        What the text of a row is called in messages.
    zone : tzinfo, optional
        Of dates without one; where it is not given they are refused.

    Raises
    ------
    UnusableInputError
        If a text is no date, some have a zone and some have not, or one is twice or not at all in the zone.
    """
    moments = [_moment(text, where(row)) for row, text in enumerate(texts)]
    bare = [moment.tzinfo is None for moment in moments]
    if not any(bare):
        return np.array([moment.timestamp() for moment in moments])
    row = bare.index(True)
    if not all(bare):
        raise UnusableInputError(
            f"{where(row)}: '{shortened(texts[row])}' has no zone and others in its column have one; give all of them one"
        )
    if zone is None:
        raise UnusableInputError(
            f"{where(row)}: '{shortened(texts[row])}' has no zone; write Z or +01:00 behind times, or say theirs with --zone"
        )
    for row, moment in enumerate(moments):
        if moment.replace(tzinfo=zone).utcoffset() != moment.replace(tzinfo=zone, fold=1).utcoffset():
            raise UnusableInputError(
                f"{where(row)}: '{shortened(texts[row])}' is twice or not at all in {zone}, when clocks are changed; write it "
                "with its offset"
            )
    return np.array([moment.replace(tzinfo=zone).timestamp() for moment in moments])


def _moment(text: str, where: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as fault:
        raise UnusableInputError(
            f"{where}: '{shortened(text)}' is no date (2010-02-28T04:00); numbers need a unit in the name of their column, "
            "time_h"
        ) from fault


def moment_text(time_s: float) -> str:
    """A time as it is written in files: ``2026-11-30T06:00:00Z``."""
    return f"{datetime.fromtimestamp(round(time_s), UTC):%Y-%m-%dT%H:%M:%S}Z"
