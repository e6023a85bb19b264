"""Dates, as people write them. Pure."""

from datetime import UTC, date, datetime

from mmsconsole.errors import UsageError

DAY_CELLS = len("2027-01-31")


def parse_date(text: str) -> datetime:
    """A day begins at midnight in UTC. Raises UsageError."""
    try:
        if len(text) == DAY_CELLS:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "write 2027-01-31, or 2027-01-31T18:00:00Z"
        raise UsageError("not a day, nor a time", where=text, hint=hint) from error
    if found.tzinfo is None:
        raise UsageError("the time lacks its zone: add Z, or +02:00", where=text)
    return found
