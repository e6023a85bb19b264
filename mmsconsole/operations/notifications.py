"""What people were told, by which channel; and whether a channel works."""

from mmsconsole.alerts.notify.trying import send_test
from mmsconsole.metadata.notifications import Notification, NotificationState
from mmsconsole.operations.alert_events import leave_event, no_such_channel
from mmsconsole.operations.alert_views import ChannelView, NotificationView
from mmsconsole.operations.desk import Desk


def recent(desk: Desk, limit: int) -> list[NotificationView]:
    """Newest first."""
    return [notification_view(each) for each in desk.metadata.notifications.recent(limit)]


def of_alert(desk: Desk, alert: str) -> tuple[NotificationView, ...]:
    """Newest first."""
    found = [notification_view(each) for each in desk.metadata.notifications.of(alert)]
    return tuple(reversed(found))


def channels(desk: Desk) -> list[ChannelView]:
    """As the settings name them, each with what became of its last message."""
    return [_channel(desk, name, set_.kind) for name, set_ in desk.settings.tree.notify.items()]


def _channel(desk: Desk, name: str, kind: str) -> ChannelView:
    queue = desk.metadata.notifications
    last, sent = queue.last_of(name), queue.last_of(name, NotificationState.SENT)
    return ChannelView(
        name=name,
        kind=kind,
        last_at=None if last is None else last.at,
        last_state="" if last is None else last.state.value,
        error="" if last is None else last.error,
        sent_at=None if sent is None else sent.sent_at or sent.at,
        waiting=queue.waiting(name),
    )


def test(desk: Desk, name: str) -> NotificationView:
    """Send a message by one channel, at once, from here: "sent", or "given up" with the reason.
    Raises UsageError.
    """
    known = tuple(desk.settings.tree.notify)
    if name not in known:
        raise no_such_channel(name, known)
    done = send_test(desk.metadata, desk.settings, desk.clock, name, desk.actor.name)
    became = f"{done.state}: {done.error}" if done.error else done.state.value
    leave_event(
        desk, "channel tested", f"a test by the channel {name} was {became}", "", channel=name
    )
    return notification_view(done)


def notification_view(one: Notification) -> NotificationView:
    return NotificationView(
        id=one.id,
        alert=one.alert,
        channel=one.channel,
        kind=one.kind.value,
        title=one.title,
        at=one.at,
        state=one.state.value,
        tries=one.tries,
        next_at=one.next_at,
        error=one.error,
    )
