"""What every change of alerts leaves for the audit, and the few words that people may add."""

from datetime import datetime
from difflib import get_close_matches

from mmsconsole.errors import UsageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Event
from mmsconsole.operations.desk import Desk

NOTE_MAX = 200


def leave_event(desk: Desk, kind: str, text: str, deployment: str, **details: str) -> None:
    """`deployment`: its id; empty: it concerns all."""
    desk.metadata.events.add(
        Event(
            new_id(), desk.clock.now(), kind, text,
            deployment=deployment, actor=desk.actor.name, details=details,
        )
    )  # fmt: skip


def named(desk: Desk, name: str | None) -> Deployment | None:
    """Raises NotFound."""
    return None if name is None else desk.metadata.deployments.named(name)


def check_note(note: str) -> None:
    """Raises UsageError."""
    if len(note) > NOTE_MAX or not note.isprintable():
        raise UsageError(
            f"a note is at most {NOTE_MAX} characters in one line", where=repr(note[:NOTE_MAX])
        )


def check_ahead(at: datetime, now: datetime) -> None:
    """Raises UsageError."""
    if at.tzinfo is None or at <= now:
        raise UsageError("it has to lie ahead, with its time zone", where=str(at))


def no_such_channel(name: str, known: tuple[str, ...]) -> UsageError:
    near = get_close_matches(name, known, n=3)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif known:
        hint = f"the channels are: {', '.join(known)}"
    else:
        hint = "none is set up: each is a section [notify.NAME] of the settings; see docs/alerts.md"
    return UsageError(f"there is no channel {name!r}", hint=hint)
