"""Records for these tests: what matters to a test is named there, the rest is here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret

NOW = datetime(2024, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def deployment(id_: str = "d1", **changes: Any) -> Deployment:
    made = Deployment(
        id_, f"name of {id_}", Secret("mongodb://h"), "rs0", f"set of {id_}", "6.0.5", "6.0", NOW
    )
    return replace(made, **changes)


def job(id_: str, created: float = 0, **changes: Any) -> Job:
    """`created` in seconds after NOW."""
    return replace(Job(id_, JobKind.SNAPSHOT, "d1", "head:d1", later(created)), **changes)


def chunk(start: Optime, end: Optime, deployment: str = "d1", **changes: Any) -> OplogChunk:
    made = OplogChunk(
        f"{deployment}/{start}-{end}", deployment, start, end, 1, "key", "ab", 10, 5, None, NOW
    )
    return replace(made, **changes)
