"""The monitoring agents: the one in each engine, later those elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors

FORGOTTEN = timedelta(days=30)
"""One that says nothing for so long is none any more: its engine was given up."""


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    """"embedded ENGINE_ID"."""
    engine: str
    seen_at: datetime
    members: int = 0
    """That it polls."""
    cpu_percent: float = 0.0
    """Of one core, since its last report: what all of its polls cost here."""
    late: int = 0
    """Polls since its last report that began more than an interval late."""
    buffered: int = 0
    """Samples that wait for the metadata database."""
    dropped: int = 0
    """Samples that it had to give up since it started, as they had waited too long."""
    dropped_at: datetime | None = None


def embedded_agent(engine: str) -> str:
    """The id of the one that runs in an engine."""
    return f"embedded {engine}"


class Agents(Records[Agent]):
    name = "agents"
    record = Agent
    noun = "monitoring agent"

    def known(self, now: datetime) -> Iterator[Agent]:
        """Without those that are forgotten."""
        return self.all({"seen_at": {"$gte": now - FORGOTTEN}})

    @metadata_errors()
    def report(self, agent: Agent) -> None:
        self.collection.replace_one({"_id": agent.id}, to_document(agent), upsert=True)
