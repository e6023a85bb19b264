"""The queue's consumer, with a real metadata database."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.alerts.notify import sending
from mmsconsole.alerts.notify.channel import Message
from mmsconsole.alerts.notify.sending import (
    GIVEN_UP,
    ChannelQueue,
    NotificationSender,
    Queue,
    give_up_strays,
)
from mmsconsole.alerts.notify.trying import send_test
from mmsconsole.clock import SystemClock
from mmsconsole.errors import MetadataError, NotFound, NotificationFailed
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.notifications import Notification, NotificationKind, NotificationState
from tests.alerts.notify.messages import AT, notification
from tests.support.backups import wait_until
from tests.support.clock import ManualClock
from tests.support.hooks import receiver, status
from tests.support.metadata import settings_of

GENEROUS = 60
SENT, FAILED, QUEUED = NotificationState.SENT, NotificationState.FAILED, NotificationState.QUEUED


class FakeChannel:
    kind = "webhook"

    def __init__(self, name: str = "ops") -> None:
        self.name = name
        self.sent: list[Message] = []
        self.fails: Exception | None = None
        self.during = lambda: None

    def send(self, message: Message) -> None:
        self.during()
        if self.fails is not None:
            raise self.fails
        self.sent.append(message)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.sent]


@pytest.fixture
def time_of_tests() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
def queue(metadata: Metadata, time_of_tests: ManualClock) -> Queue:
    return Queue(metadata, time_of_tests, "engine-1")


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


def put(queue: Queue, *ids: str, **changes: object) -> None:
    """In this order, a second apart; the letter of an id is its alert."""
    queue.metadata.notifications.queue(
        notification(id_, **{"alert": id_[0], "at": AT + timedelta(seconds=n)} | changes)
        for n, id_ in enumerate(ids)
    )


def get(queue: Queue, id_: str) -> Notification:
    return queue.metadata.notifications.get(id_)


def run(sender: ChannelQueue, rounds: int = 20) -> None:
    for _ in range(rounds):
        sender.round()


def test_what_is_queued_is_sent_once_and_in_order(queue: Queue, channel: FakeChannel) -> None:
    put(queue, "a1", "b1", "a2")
    put(queue, "c1", channel="other")
    run(ChannelQueue(queue, channel))
    assert channel.ids == ["a1", "b1", "a2"]
    found = get(queue, "a1")
    assert (found.state, found.tries, found.sent_at, found.error) == (SENT, 1, AT, "")
    assert get(queue, "c1").state is QUEUED


def test_a_failure_is_kept_and_tried_again_later(
    queue: Queue, channel: FakeChannel, time_of_tests: ManualClock
) -> None:
    put(queue, "a1")
    sender = ChannelQueue(queue, channel)
    channel.fails = NotificationFailed("it answers 500", where="example.org")
    assert sender.round() > 0, "what follows would meet the same fault"
    run(sender)
    found = get(queue, "a1")
    assert (found.state, found.tries, found.error) == (FAILED, 1, "example.org: it answers 500")

    channel.fails = None
    run(sender)
    assert channel.ids == []
    time_of_tests.advance(15)
    run(sender)
    assert channel.ids == ["a1"]
    assert (get(queue, "a1").state, get(queue, "a1").error) == (SENT, "")


def test_nobody_is_told_of_an_end_before_the_beginning(
    queue: Queue, channel: FakeChannel, time_of_tests: ManualClock
) -> None:
    put(queue, "a1", "a2", "b1")
    sender = ChannelQueue(queue, channel)
    channel.fails = NotificationFailed("no", again=True)
    sender.round()
    channel.fails = None
    run(sender)
    assert channel.ids == ["b1"]
    time_of_tests.advance(15)
    run(sender)
    assert channel.ids == ["b1", "a1", "a2"]


def test_what_is_refused_again_and_again_is_given_up_and_people_see_it(
    queue: Queue, channel: FakeChannel, time_of_tests: ManualClock
) -> None:
    put(queue, "a1", "a2")
    sender = ChannelQueue(queue, channel)
    channel.fails = NotificationFailed("it answers 400", again=False)
    for _ in range(queue.patience.tries_refused):
        run(sender, 3)
        time_of_tests.advance(queue.patience.longest_seconds)
    found = get(queue, "a1")
    assert (found.state, found.error) == (NotificationState.GIVEN_UP, "it answers 400")
    (event,) = [one for one in queue.metadata.events.recent() if one.kind == GIVEN_UP]
    assert event.severity == "error"
    assert "ops was not told: shop: A secondary is behind" in event.text

    channel.fails = None
    run(sender)
    assert channel.ids == ["a2"], "the one behind it has its turn"


def test_after_a_day_it_is_given_up(
    queue: Queue, channel: FakeChannel, time_of_tests: ManualClock
) -> None:
    put(queue, "a1", error="it answers 500")
    time_of_tests.advance(25 * 3600)
    run(ChannelQueue(queue, channel))
    found = get(queue, "a1")
    assert (found.state, found.error) == (NotificationState.GIVEN_UP, "it answers 500")
    assert channel.ids == []


def test_a_fault_in_a_channel_costs_its_message_alone(
    queue: Queue, channel: FakeChannel, caplog: pytest.LogCaptureFixture
) -> None:
    put(queue, "a1", "b1")
    sender = ChannelQueue(queue, channel)
    channel.fails = ZeroDivisionError("hunter2")
    sender.round()
    channel.fails = None
    run(sender)
    assert channel.ids == ["b1"]
    assert get(queue, "a1").error == "a fault of ours: ZeroDivisionError"
    assert "hunter2" not in caplog.text


def test_two_engines_do_not_send_the_same(queue: Queue, channel: FakeChannel) -> None:
    """The second one looks while the first one sends, and afterwards."""
    put(queue, "a1", "b1")
    other = FakeChannel()
    second = ChannelQueue(replace(queue, engine="engine-2"), other)
    channel.during = lambda: run(second, 3)
    first = ChannelQueue(queue, channel)
    first.round()
    assert (channel.ids, other.ids) == (["a1"], [])
    run(first)
    run(second)
    assert (channel.ids, other.ids) == (["a1", "b1"], [])


def test_an_engine_that_rests_lets_another_one_send(queue: Queue, channel: FakeChannel) -> None:
    put(queue, "a1")
    run(ChannelQueue(queue, channel))
    put(queue, "b1")
    other = FakeChannel()
    run(ChannelQueue(replace(queue, engine="engine-2"), other))
    assert other.ids == ["b1"]


class Killed(BaseException):
    """As a SIGKILL, nothing handles it."""


def die(*_: object, **__: object) -> None:
    raise Killed


def test_a_kill_between_sending_and_writing_sends_once_more_with_the_same_id(
    queue: Queue, channel: FakeChannel, time_of_tests: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(queue, "a1")
    channel.during = lambda: monkeypatch.setattr(queue.metadata.notifications, "end_all", die)
    with pytest.raises(Killed):
        ChannelQueue(queue, channel).round()
    monkeypatch.undo()
    channel.during = lambda: None

    after = ChannelQueue(queue, channel)
    run(after)
    assert channel.ids == ["a1"], "not at once: the try has been counted"
    time_of_tests.advance(15)
    run(after)
    assert channel.ids == ["a1", "a1"]
    assert get(queue, "a1").tries == 2


def test_metadata_that_are_away_after_sending_do_not_make_it_send_again(
    queue: Queue, channel: FakeChannel, time_of_tests: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise MetadataError("away")

    put(queue, "a1")
    sender = ChannelQueue(queue, channel)
    monkeypatch.setattr(queue.metadata.notifications, "end_all", away)
    for _ in range(3):
        with pytest.raises(MetadataError):
            sender.round()
        time_of_tests.advance(100)
    monkeypatch.undo()
    run(sender)
    assert channel.ids == ["a1"]
    assert get(queue, "a1").state is SENT


def test_what_waits_for_a_channel_that_is_gone_is_given_up_after_a_day(
    queue: Queue, channel: FakeChannel, time_of_tests: ManualClock
) -> None:
    put(queue, "a1", channel="gone")
    put(queue, "b1")
    give_up_strays(queue, {"ops": channel})
    assert get(queue, "a1").state is QUEUED, "another engine may have it"
    time_of_tests.advance(25 * 3600)
    give_up_strays(queue, {"ops": channel})
    assert get(queue, "a1").state is NotificationState.GIVEN_UP
    assert get(queue, "b1").state is QUEUED


@pytest.fixture
def started() -> Iterator[Callable[..., NotificationSender]]:
    """started(queue, channels): a sender whose threads have all ended when the test has."""
    senders: list[NotificationSender] = []

    def start(queue: Queue, *channels: FakeChannel) -> NotificationSender:
        senders.append(NotificationSender(queue, {one.name: one for one in channels}))
        senders[-1].start()
        return senders[-1]

    yield start
    for sender in senders:
        sender.stop(GENEROUS)


@pytest.fixture
def hanging(started: Callable[..., NotificationSender]) -> Iterator[FakeChannel]:
    until = threading.Event()
    channel = FakeChannel("hanging")
    channel.during = lambda: until.wait() and None
    yield channel
    until.set()


def test_a_channel_that_hangs_holds_no_other_up_nor_the_engines_end(
    metadata: Metadata,
    started: Callable[..., NotificationSender],
    hanging: FakeChannel,
    channel: FakeChannel,
) -> None:
    queue = Queue(metadata, SystemClock(), "engine-1")
    now = queue.clock.now()
    put(queue, "a1", channel="hanging", at=now)
    sender = started(queue, hanging, channel)
    put(queue, "b1", "c1", at=now)
    wait_until(lambda: len(channel.ids) == 2)
    sender.stop(0.2)
    assert channel.ids == ["b1", "c1"]
    assert hanging.ids == []


HOOK = '[notify.hook]\nkind = "webhook"\nurl = "{url}"\n'


def test_a_test_is_sent_at_once_and_kept(metadata: Metadata, short_folder: Path) -> None:
    def settings_with(url: str) -> object:
        (short_folder / "config").mkdir(exist_ok=True)
        (short_folder / "config" / "config.toml").write_text(HOOK.format(url=url))
        return settings_of(short_folder)

    clock = ManualClock(AT)
    with receiver() as server:
        done = send_test(metadata, settings_with(server.url()), clock, "hook", "ann")
        assert (done.state, done.kind, done.error) == (SENT, NotificationKind.TEST, "")
        assert b"asked for by ann" in server.received[0].body
    with receiver(status(404)) as server:
        settings = settings_with(server.url())
        done = send_test(metadata, settings, clock, "hook", "ann")
        assert done.state is NotificationState.GIVEN_UP
        assert "it answers 404" in done.error
        with pytest.raises(NotFound, match="no channel is called 'nosuch'") as caught:
            send_test(metadata, settings, clock, "nosuch", "ann")
    assert "hook" in caught.value.hint
    assert len(list(metadata.notifications.recent())) == 2
    assert not list(metadata.notifications.due(clock.now())), "the engine sends no test again"


def rack(queue: Queue, count: int = 50) -> list[str]:
    """Ids of so many alerts that opened at once."""
    ids = [f"alert{number}-1-ops" for number in range(count)]
    queue.metadata.notifications.queue(
        notification(id_, alert=id_.partition("-")[0], title=f"down: {id_}") for id_ in ids
    )
    return ids


@pytest.fixture
def mail(channel: FakeChannel) -> FakeChannel:
    channel.kind = "email"
    return channel


def test_a_storm_is_one_mail_and_each_of_it_is_sent_once(queue: Queue, mail: FakeChannel) -> None:
    ids = rack(queue)
    run(ChannelQueue(queue, mail))
    (message,) = mail.sent
    assert message.title == "50 alerts: 50 opened: shop"
    assert all(id_ in message.text for id_ in ids)
    assert {(get(queue, id_).state, get(queue, id_).tries) for id_ in ids} == {(SENT, 1)}


def test_a_storm_that_can_not_be_sent_is_one_try_and_sent_together_later(
    queue: Queue, mail: FakeChannel, time_of_tests: ManualClock
) -> None:
    ids = rack(queue)
    tried: list[int] = []
    mail.during = lambda: tried.append(1)
    mail.fails = NotificationFailed("no")
    sender = ChannelQueue(queue, mail)
    run(sender)
    assert len(tried) == 1
    assert {get(queue, id_).state for id_ in ids} == {FAILED}
    mail.fails = None
    time_of_tests.advance(15)
    run(sender)
    assert len(mail.sent) == 1
    assert {get(queue, id_).state for id_ in ids} == {SENT}


def test_a_fault_in_a_round_does_not_end_the_channels_thread(
    metadata: Metadata,
    started: Callable[..., NotificationSender],
    channel: FakeChannel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else nobody would be told of anything by it until the engine is started again."""
    queue = Queue(metadata, SystemClock(), "engine-1")
    put(queue, "a1", at=queue.clock.now())
    real, faults = ChannelQueue.round, iter([ZeroDivisionError])

    def faulty(self: ChannelQueue) -> float:
        for fault in faults:
            raise fault
        return real(self)

    monkeypatch.setattr(sending, "REST_SECONDS_MAX", 0.0)
    monkeypatch.setattr(ChannelQueue, "round", faulty)
    sender = started(queue, channel)
    wait_until(lambda: channel.ids)
    sender.stop(GENEROUS)
    assert channel.ids == ["a1"]
