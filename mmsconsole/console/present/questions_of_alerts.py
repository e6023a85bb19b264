"""What is asked about alerts, and how the answers are read. Pure."""

from datetime import datetime

from mmsconsole.errors import UsageError
from mmsconsole.operations.alert_events import check_note
from mmsconsole.operations.alert_views import RuleView
from mmsconsole.operations.amounts import MOMENT_FORMS, read_amount, read_span, read_until

UNTIL_CLOSED = "closed"
"""Typed in place of a time."""
NO_NOTE = "-"
"""Typed for none."""
UNTIL_TEXT = (
    "Nobody is told again of it until then; it is shown all the same.",
    f"{UNTIL_CLOSED}: until it closes; else {MOMENT_FORMS}.",
)
NOTE_TEXT = (f"What you know or do about it; {NO_NOTE} for none.",)
MUTE_TEXT = (
    "Its alerts are shown, and nobody is told.",
    f"Until when? {MOMENT_FORMS}.",
)
MAINTENANCE_TEXT = (
    "Meanwhile alerts are shown, and nobody is told.",
    f"From now, until when? {MOMENT_FORMS}.",
)
DELAY_TEXT = ("How long must it be wrong before an alert opens? 0 s: none; 90 s, 10 min, 2 h.",)


def read_until_closed(text: str, now: datetime) -> datetime | None:
    """None: until it closes. Raises UsageError."""
    return None if text.strip().lower() == UNTIL_CLOSED else read_until(text, now)


def until_complaint(text: str, now: datetime) -> str:
    """Why it will not do; empty: it will."""
    try:
        read_until_closed(text, now)
    except UsageError as error:
        return _complaint(error)
    return ""


def end_complaint(text: str, now: datetime) -> str:
    try:
        read_until(text, now)
    except UsageError as error:
        return _complaint(error)
    return ""


def read_note(text: str) -> str:
    return "" if text.strip() == NO_NOTE else text.strip()


def note_complaint(text: str) -> str:
    try:
        check_note(read_note(text))
    except UsageError as error:
        return _complaint(error)
    return ""


def threshold_complaint(text: str, view: RuleView) -> str:
    """Only how it is written: what makes no sense is told by the answer."""
    try:
        read_amount(text, view.unit)
    except UsageError as error:
        return _complaint(error)
    return ""


def delay_complaint(text: str) -> str:
    try:
        read_span(text)
    except UsageError as error:
        return _complaint(error)
    return ""


def _complaint(error: UsageError) -> str:
    return f"{error.what}; {error.hint}" if error.hint else error.what
