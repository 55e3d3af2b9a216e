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


_ZONE = re.compile(r"[-+]?[0-9]{1,6}|[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")


def parsed_time(text: str) -> datetime | None:
    """Parse timestamp.txt as `nbgrader.utils.parse_utc` does, and return it in UTC; None where it cannot be read.

    Loading nbgrader takes a second, and every submission that was collected has a time.
    """
    if not text:
        return None
    import dateutil.parser  # type: ignore[import-untyped]
    import dateutil.tz  # type: ignore[import-untyped]

    date, *rest = parts = text.split(" ")
    when: datetime
    with warnings.catch_warnings(), contextlib.suppress(ValueError, OverflowError, TypeError):
        warnings.simplefilter("ignore")  # of zones that dateutil does not know
        if len(parts) != 3:
            when, other = (
                dateutil.parser.parse(text, default=day) for day in (datetime(1999, 1, 1), datetime(2000, 2, 2))
            )
            if when != other:  # what is missing of it would be that of the day of grading
                return None
        elif _ZONE.fullmatch(rest[1]):  # else dateutil would open a file of that name
            zone = dateutil.tz.gettz(rest[1]) if rest[1][0].isalpha() else int(rest[1])
            when = dateutil.parser.parse(f"{date} {rest[0]} TZ", tzinfos={"TZ": zone})
        else:
            return None
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
