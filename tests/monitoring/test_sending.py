"""What the polls bring reaches the metadata database, also after it was away."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.samples import Sample
from mmsconsole.monitoring.elections import NEW_PRIMARY
from mmsconsole.monitoring.sending import DROPPED, Sender
from tests.support.clock import ManualClock

START = datetime(2026, 3, 1, tzinfo=UTC)


class FakeUplink:
    """Keeps what it is handed; `away`: it does not answer."""

    def __init__(self) -> None:
        self.away = False
        self.samples: list[Sample] = []
        self.states: list[MemberState] = []
        self.told: list[Event] = []
        self.calls = 0

    def put_samples(self, samples: Sequence[Sample]) -> None:
        self._answer()
        self.samples.extend(samples)

    def report_members(self, states: Sequence[MemberState]) -> None:
        self._answer()
        self.states.extend(states)

    def keep_members(self, deployment: str, hosts: Collection[str]) -> None:
        self._answer()

    def report_agent(self, agent: Agent) -> None:
        self._answer()

    def tell(self, event: Event) -> None:
        self._answer()
        self.told.append(event)

    def _answer(self) -> None:
        self.calls += 1
        if self.away:
            raise MetadataError("the metadata database does not answer")


@pytest.fixture
def uplink() -> FakeUplink:
    return FakeUplink()


def sample(number: int) -> Sample:
    values = {f"metric{n}": 1.0 for n in range(100)}
    return Sample("d", "a:1", START + timedelta(seconds=10 * number), values)


def state(number: int = 0) -> MemberState:
    return MemberState("d/a:1", "d", "a:1", lag_seconds=float(number))


def test_everything_is_handed_over_at_once(uplink: FakeUplink, manual_clock: ManualClock) -> None:
    sender = Sender(uplink, 1_000_000, manual_clock)
    sender.put([sample(1), sample(2)], state())
    assert sender.send()
    assert uplink.samples == [sample(1), sample(2)]
    assert uplink.states == [state()]
    assert sender.waiting == 0


def test_of_a_member_only_its_newest_state_is_told(
    uplink: FakeUplink, manual_clock: ManualClock
) -> None:
    sender = Sender(uplink, 1_000_000, manual_clock)
    for number in range(5):
        sender.put([], state(number))
    sender.send()
    sender.send()
    assert uplink.states == [state(4)]


def test_while_the_database_is_away_the_newest_samples_wait_with_their_own_times(
    uplink: FakeUplink, manual_clock: ManualClock
) -> None:
    uplink.away = True
    sender = Sender(uplink, 120_000, manual_clock)
    for number in range(150):
        sender.put([sample(number)], state(number))
        assert not sender.send()
        manual_clock.advance(10)
    assert (sender.waiting, sender.dropped, sender.failing) == (100, 50, True)

    uplink.away = False
    assert sender.send()
    assert uplink.samples == [sample(number) for number in range(50, 150)]
    assert uplink.states == [state(149)]
    assert [event.text.split()[0] for event in uplink.told] == ["50"]
    assert not sender.failing


def test_what_was_dropped_is_told_once(uplink: FakeUplink, manual_clock: ManualClock) -> None:
    uplink.away = True
    sender = Sender(uplink, 1_250, manual_clock)
    sender.put([sample(1), sample(2)], state())
    sender.send()
    uplink.away = False
    manual_clock.advance(60)
    sender.send()
    sender.send()
    assert [event.kind for event in uplink.told] == [DROPPED]


def test_a_database_that_is_away_is_asked_more_and_more_seldom(
    uplink: FakeUplink, manual_clock: ManualClock
) -> None:
    uplink.away = True
    sender = Sender(uplink, 1_000_000, manual_clock)
    sender.put([], state())
    for _ in range(60):
        sender.send()
        manual_clock.advance(1)
    assert uplink.calls <= 10


def test_a_state_of_a_member_that_is_watched_no_more_is_not_told(
    uplink: FakeUplink, manual_clock: ManualClock
) -> None:
    sender = Sender(uplink, 1_000_000, manual_clock)
    sender.put([], state())
    sender.keep_members("d", ["b:1"])
    sender.send()
    assert uplink.states == []


def test_an_election_is_told_once(uplink: FakeUplink, manual_clock: ManualClock) -> None:
    now = manual_clock.now()
    leading = replace(state(), state="PRIMARY", asked_at=now, elected_at=now, term=3)
    sender = Sender(uplink, 1_000_000, manual_clock)
    for _ in range(3):
        sender.put([], leading)
        sender.send()
    assert [event.kind for event in uplink.told] == [NEW_PRIMARY]


def test_of_a_deployment_that_left_nothing_more_is_handed_over(
    uplink: FakeUplink, manual_clock: ManualClock
) -> None:
    sender = Sender(uplink, 1_000_000, manual_clock)
    sender.put([sample(1)], state())
    sender.forget("d")
    assert sender.send()
    assert (uplink.samples, uplink.states) == ([], [])
