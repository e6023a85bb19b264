"""Moments that lie back, as people write them for charts. Pure."""

from datetime import datetime, timedelta

from mmsconsole.errors import UsageError
from mmsconsole.operations.amounts import MOMENT_FORMS, read_span
from mmsconsole.operations.dates import parse_date


def moment_before(text: str, now: datetime) -> datetime:
    """ "2h", "2h ago", "7 days", or a time with its zone. Raises UsageError."""
    said = text.strip().lower()
    span = said.removesuffix("ago").strip().removeprefix("-")
    if said == "now":
        return now
    if said[:1] == "-" or _is_span(span):
        return now - timedelta(seconds=read_span(span))
    try:
        return parse_date(text.strip())
    except UsageError as error:
        raise UsageError(error.what, where=text, hint=f"write {MOMENT_FORMS}") from error


def _is_span(text: str) -> bool:
    return text[:1].isdigit() and text[-1:].isalpha() and "t" not in text and ":" not in text
