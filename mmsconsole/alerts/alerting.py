"""Everything about alerts that runs in an engine, as one part of it."""

from mmsconsole.alerts.deadman import DeadMansPing, Pings, is_working
from mmsconsole.alerts.notify.building import channels_of
from mmsconsole.alerts.notify.sending import NotificationSender, Queue
from mmsconsole.alerts.service import AlertService
from mmsconsole.stores.resources import Resources


class Alerting:
    """The service that judges, the sender, and the ping that says that both are there."""

    def __init__(self, resources: Resources, engine: str) -> None:
        settings, clock = resources.settings, resources.clock
        every = settings.tree.alerts.evaluate_seconds
        service = AlertService(resources, engine)
        self._clock = clock
        self._parts = (
            service,
            NotificationSender(
                Queue(resources.metadata, clock, engine), channels_of(settings, clock)
            ),
            DeadMansPing(
                Pings.of(settings),
                lambda: is_working(service.last_look, clock.monotonic(), every),
                clock,
            ),
        )

    def start(self) -> None:
        for part in self._parts:
            part.start()

    def stop(self, timeout_seconds: float) -> None:
        """All within this time."""
        deadline = self._clock.monotonic() + timeout_seconds
        for part in self._parts:
            part.stop(max(0.0, deadline - self._clock.monotonic()))
