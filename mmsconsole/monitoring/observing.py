"""What follows from one poll of a member, given what was known from the ones before. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mmsconsole.metadata.members import HotCollection, Operation
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.rates import Starts, values_between
from mmsconsole.monitoring.readings import Reading, read_answers, read_collection, read_database
from mmsconsole.monitoring.sets import SetStatus, read_set
from mmsconsole.monitoring.summaries import Usages, hot_collections, operations_of, read_top


@dataclass(frozen=True, slots=True)
class Observed:
    """The newest poll's; the next one is compared with it."""

    reading: Reading
    values: dict[str, float]
    """Of the member and its host, by metric."""
    sizes: Mapping[str, dict[str, float]] = field(default_factory=dict)
    """By database or namespace: those that were asked this time."""
    set_status: SetStatus = field(default_factory=SetStatus)
    operations: tuple[Operation, ...] = ()
    hot: tuple[HotCollection, ...] = ()
    starts: Starts = field(default_factory=Starts)
    usages: Usages | None = None


def observe(before: Observed | None, answers: Answers, interval_seconds: float) -> Observed:
    """`before`: None at the first time, or when nothing is known any more.

    Never raises for what a server sends.
    """
    reading = read_answers(answers)
    known = None if before is None else before.reading
    starts = (Starts() if before is None else before.starts).seen(known, reading)
    values = values_between(known, reading, interval_seconds)
    if reading.uptime is not None:
        values["restarts"] = float(len(starts.times))
    observed = Observed(
        reading, values, _sizes(answers), read_set(answers.set_status),
        operations_of(answers.operations), starts=starts,
    )  # fmt: skip
    return _with_hot(observed, before, read_top(answers.top, answers.monotonic))


def _sizes(answers: Answers) -> dict[str, dict[str, float]]:
    databases = {name: read_database(stats) for name, stats in answers.databases.items()}
    collections = {name: read_collection(stats) for name, stats in answers.collections.items()}
    return {name: values for name, values in (databases | collections).items() if values}


def _with_hot(observed: Observed, before: Observed | None, usages: Usages | None) -> Observed:
    """top is asked less often: in between, what was hot stays."""
    earlier = None if before is None else before.usages
    if before is not None and usages is None:
        return replace(observed, hot=before.hot, usages=earlier)
    if earlier is None or usages is None:
        return replace(observed, usages=usages)
    return replace(observed, hot=hot_collections(earlier, usages), usages=usages)
