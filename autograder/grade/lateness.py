"""Submission times, and the penalty of nbgrader's plugin for late work."""

import contextlib
import re
import warnings
from datetime import datetime, timedelta
from typing import Any

from traitlets.config import Config

from autograder.grade.course import CONFIG, load_nbformat
from autograder.grade.records import CannotWrite


def interval(extension: Any) -> timedelta:
    """Return an extension as a duration, from the time since 1970 as which SQLite stores it."""
    if isinstance(extension, timedelta):
        return extension
    return extension - datetime(1970, 1, 1) if isinstance(extension, datetime) else timedelta()


_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_UTC = re.compile(r"Z|[-+]?0{1,4}")
"""Of other numbers nbgrader makes seconds, and people hours and minutes."""
_YEAR_FIRST = re.compile(r"(?<![\d./-])\d{4}(?:[./-]|\d{4})")


def parsed_time(text: str) -> datetime | None:
    """Parse timestamp.txt as `nbgrader.utils.parse_utc` does, and return it in UTC; None where that would be a guess.

    It is one where the day and the month, or the year, may stand for each other, where the hour is missing, and where
    the zone is not known: nbgrader would take the month first, midnight, and UTC.

    >>> parsed_time("2024-03-01 15:00:00 UTC"), parsed_time("01.03.2024 14:00"), parsed_time("3/1/2024 2:00 PM")
    (datetime.datetime(2024, 3, 1, 15, 0), None, None)
    """
    if not text:
        return None
    import dateutil.parser  # type: ignore[import-untyped]
    import dateutil.tz  # type: ignore[import-untyped]

    zones = {}
    if text.count(" ") == 2:
        text, _, zone = text.rpartition(" ")
        known = dateutil.tz.UTC if _UTC.fullmatch(zone) else None
        if known is None and _ZONE.fullmatch(zone):  # else dateutil would open a file of that name
            known = dateutil.tz.gettz(zone)
        if known is None:
            return None
        text, zones = f"{text} TZ", {"TZ": known}
    orders = [{}] if _YEAR_FIRST.search(text) else [{}, {"dayfirst": True}, {"yearfirst": True}]
    days = datetime(1999, 1, 1), datetime(2000, 2, 2, 1)  # what is missing of it would be that of the day of grading
    with warnings.catch_warnings(), contextlib.suppress(ValueError, OverflowError, TypeError, Warning):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", dateutil.parser.UnknownTimezoneWarning)
        found = {dateutil.parser.parse(text, default=day, tzinfos=zones, **order) for order in orders for day in days}
        if len(found) == 1:
            when: datetime = found.pop()
            return when if when.tzinfo is None else (when - (when.utcoffset() or timedelta())).replace(tzinfo=None)
    return None


def late_penalty(config: Config, student: str, score: float, seconds: float) -> float | None:
    """Return the penalty for late work, by nbgrader's plugin."""
    load_nbformat()
    from nbgrader.preprocessors import AssignLatePenalties  # type: ignore[import-untyped]

    try:
        asked = AssignLatePenalties(config=config)
        asked.init_plugin()
        penalty = asked.plugin_inst.late_submission_penalty(student, score, seconds)
        return None if penalty is None else min(max(float(penalty), 0.0), score)
    except Exception as error:  # the plugin is the lecturer's
        raise CannotWrite(
            f"What late work costs {student} cannot be asked, for AssignLatePenalties of {CONFIG} fails "
            f"({type(error).__name__}: {error}): mend it and start again; what is graded stays graded."
        ) from error
