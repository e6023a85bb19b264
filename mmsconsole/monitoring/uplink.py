"""What a monitoring agent hands over to: the engine that it runs in, later a service over HTTPS.

All that goes through here are plain values.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Protocol

import pymongo

from mmsconsole.errors import AlreadyExists
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.samples import Grain, Sample
from mmsconsole.monitoring.elections import Elections

CALL_SECONDS = 10.0


class MonitoringUplink(Protocol):
    """Everything raises MetadataError while nobody takes it. What was handed over may come again:
    it does no harm twice."""

    def put_samples(self, samples: Sequence[Sample]) -> None: ...

    def report_members(self, states: Sequence[MemberState]) -> None: ...

    def keep_members(self, deployment: str, hosts: Collection[str]) -> None:
        """Forget the members of it that are not among these."""
        ...

    def report_agent(self, agent: Agent) -> None: ...

    def tell(self, event: Event) -> None:
        """For people. One that is there already, by its id, stays as it is."""
        ...


class EmbeddedUplink:
    """In process: into the metadata database. No call takes longer than CALL_SECONDS."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._elections = Elections()

    def put_samples(self, samples: Sequence[Sample]) -> None:
        with pymongo.timeout(CALL_SECONDS):
            self._metadata.samples.put(Grain.FINE, samples)

    def report_members(self, states: Sequence[MemberState]) -> None:
        with pymongo.timeout(CALL_SECONDS):
            self._metadata.members.report(states)
            elected = self._elections.news(states)
            self._metadata.events.put_all(elected)
        self._elections.told(elected)

    def keep_members(self, deployment: str, hosts: Collection[str]) -> None:
        with pymongo.timeout(CALL_SECONDS):
            self._metadata.members.keep_only(deployment, hosts)

    def report_agent(self, agent: Agent) -> None:
        with pymongo.timeout(CALL_SECONDS):
            self._metadata.agents.report(agent)

    def tell(self, event: Event) -> None:
        with pymongo.timeout(CALL_SECONDS), suppress(AlreadyExists):
            self._metadata.events.add(event)
