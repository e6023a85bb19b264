"""What happened, and how far behind the heads were."""

from datetime import datetime

from mmsconsole.operations.desk import Desk
from mmsconsole.operations.jobs import names
from mmsconsole.operations.shapes import event_view
from mmsconsole.operations.views import EventView, LagPoint


def events(desk: Desk, name: str | None, limit: int) -> list[EventView]:
    deployment = None if name is None else desk.metadata.deployments.named(name).id
    known = names(desk)
    found = desk.metadata.events.recent(deployment, limit)
    return [event_view(event, known.get(event.deployment, event.deployment)) for event in found]


def events_of_snapshot(desk: Desk, id_: str) -> list[EventView]:
    snapshot = desk.metadata.snapshots.get(id_)
    known = names(desk)
    found = desk.metadata.events.about(snapshot.deployment, id_)
    return [event_view(event, known.get(event.deployment, event.deployment)) for event in found]


def lag(desk: Desk, name: str, since: datetime) -> list[LagPoint]:
    deployment = desk.metadata.deployments.named(name)
    found = desk.metadata.lag_samples.since(deployment.id, since)
    return [LagPoint(sample.at, sample.lag_seconds) for sample in found]
