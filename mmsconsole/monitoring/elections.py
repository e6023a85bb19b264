"""Elections, each told once as an event: a member remembers only the last one that it won."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from mmsconsole.metadata.events import Event
from mmsconsole.metadata.members import MemberState
from mmsconsole.mongod.topology import PRIMARY

NEW_PRIMARY = "new primary"
"""Kind of the event; its details name the member and the term."""
RECENT = timedelta(days=1)
"""Older ones are no news: who sees a set for the first time is not told of them."""


class Elections:
    """From one thread. Whoever tells of an election again tells the same event."""

    def __init__(self) -> None:
        self._told: dict[str, datetime] = {}

    def news(self, states: Iterable[MemberState]) -> list[Event]:
        """Of those that lead and were not told of."""
        return [
            event_of(state, elected)
            for state in states
            if (elected := _elected_lately(state)) is not None
            and self._told.get(state.deployment) != elected
        ]

    def told(self, events: Iterable[Event]) -> None:
        self._told |= {event.deployment: event.at for event in events}


def event_of(state: MemberState, elected: datetime) -> Event:
    """The id is of the election, so that it is there once. Pure."""
    term = "" if state.term is None else str(state.term)
    return Event(
        id=f"elected {state.deployment} {state.host} {int(elected.timestamp())}",
        at=elected,
        kind=NEW_PRIMARY,
        text=f"{state.host} was elected primary" + (f" in term {term}" if term else ""),
        deployment=state.deployment,
        details={"member": state.host, "term": term},
    )


def _elected_lately(state: MemberState) -> datetime | None:
    if state.state != PRIMARY or state.elected_at is None or state.asked_at is None:
        return None
    return state.elected_at if state.asked_at - state.elected_at <= RECENT else None
