"""Monitoring for people: members, health, what runs now, metrics."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from mmsconsole.cli.series import PointRow
from mmsconsole.cli.words import position
from mmsconsole.console.present.measures import measure
from mmsconsole.console.present.words import NONE, ago, duration, moment, plural, since
from mmsconsole.harmless import harmless
from mmsconsole.metadata.members import HotCollection
from mmsconsole.operations.monitoring_views import (
    AgentView,
    ChainNode,
    CostView,
    HealthView,
    LatestView,
    MemberView,
    MetricView,
    TopOperation,
    TopView,
)

Pair = tuple[str, str]
Cell = Callable[[Any, datetime], str]
TEXT_CHARS, HOT_SHOWN = 80, 5
HOT_MS_MIN = 0.5
"""Milliseconds in a second: less is shown as 0."""
MANY_OF = 2


def _state(view: MemberView) -> str:
    """What it is, and all that makes it another than the others."""
    said = [_role(view.state, up=view.up)]
    said += ["locked"] if view.locked else []
    said += ["hidden"] if view.hidden else []
    said += [f"delayed {duration(view.delay_seconds)}"] if view.delay_seconds else []
    said += ["old"] if view.stale and view.asked_at else []
    return ", ".join(said)


def _role(state: str, *, up: bool) -> str:
    if not state:
        return "never seen"
    return state if up else f"DOWN, was {state}"


def _named(deployment: str, set_name: str) -> str:
    return f"{deployment} ({set_name})" if set_name else deployment


def _lag(seconds: float | None) -> str:
    return NONE if seconds is None else duration(seconds)


def _member(view: MemberView, now: datetime) -> list[Pair]:
    pairs = [
        ("member", view.host),
        ("deployment", _named(view.deployment, view.set_name)),
        ("state", _state(view)),
        ("last seen", ago(view.seen_at, now)),
    ]
    if view.error:
        pairs.append(("error", f"{view.error}, since {moment(view.since)}"))
    pairs += [
        ("version", f"{view.version or NONE}, FCV {view.fcv or NONE}"),
        ("engine", view.storage_engine or NONE),
        ("up for", _lag(view.uptime_seconds)),
        ("optime", position(view.optime)),
        ("lag", _lag(view.lag_seconds)),
        ("copies from", view.sync_source or NONE),
        ("oplog", _oplog(view)),
    ]
    if view.set_name:
        pairs.append(("votes", f"{view.votes}, priority {view.priority:g}"))
    if view.elected_at is not None:
        term = "" if view.term is None else f" (term {view.term})"
        pairs.append(("elected", f"{moment(view.elected_at)}{term}"))
    if view.certificate_ends is not None:
        names = ", ".join(view.certificate_names)
        pairs.append(("certificate", f"until {moment(view.certificate_ends)}, for {names or NONE}"))
    pairs += [(harmless(label), told) for label, told in view.host_info.items()]
    return pairs + [("not asked", what) for what in view.missing]


def _oplog(view: MemberView) -> str:
    if view.oplog_window_seconds is None:
        return NONE
    return f"holds {duration(view.oplog_window_seconds)}, from {position(view.oplog_first)}"


def _health(view: HealthView, now: datetime) -> list[Pair]:
    pairs = [("deployment", _named(view.deployment, view.set_name)), ("health", _verdict(view))]
    pairs += [(warning.level, warning.text) for warning in view.warnings]
    pairs += [("", line) for line in _chain(view.chain)]
    for one in view.elections:
        term = "" if one.term is None else f" in term {one.term}"
        pairs.append(("elected", f"{one.host}{term}, {ago(one.at, now)}"))
    pairs += [("not asked", what) for what in view.missing]
    pairs += [("poll costs", told) for told in [_costs(view.costs)] if told]
    return pairs + [("agent", _agent(each, now)) for each in view.agents]


def _verdict(view: HealthView) -> str:
    if view.empty:
        return view.empty
    if view.well:
        return f"well, {plural(len(view.members), 'member')}"
    return plural(len(view.warnings), "warning")


def _chain(nodes: Sequence[ChainNode], depth: int = 0) -> list[str]:
    """Who copies from whom, as an indented list."""
    lines = []
    for node in nodes:
        told = f"{node.host} {_role(node.state, up=node.up)}"
        if depth and node.up and node.lag_seconds is not None:
            told += f", {duration(node.lag_seconds)} behind"
        lines.append("   " * max(0, depth - 1) + ("`- " if depth else "") + told)
        lines += _chain(node.followers, depth + 1)
    return lines


def _costs(costs: Iterable[CostView]) -> str:
    """The dearest of all members, of each kind."""
    kinds = (
        ("answered in", [one.poll_ms for one in costs]),
        ("CPU here", [one.cpu_ms for one in costs]),
        ("work there", [one.server_ms for one in costs]),
    )
    known = [(what, [each for each in found if each is not None]) for what, found in kinds]
    told = [f"{what} {measure(max(found), 'milliseconds')}" for what, found in known if found]
    return f"at most: {', '.join(told)}" if told else ""


def _agent(view: AgentView, now: datetime) -> str:
    parts = [
        f"{view.id}, seen {ago(view.seen_at, now)}", plural(view.members, "member"),
        f"{view.cpu_percent:.1f} % of a core",
    ]  # fmt: skip
    parts += [] if view.up else ["NOT RUNNING"]
    parts += [f"{view.late} polls late"] if view.late else []
    parts += [f"{plural(view.buffered, 'sample')} waiting"] if view.buffered else []
    parts += [f"{plural(view.dropped, 'sample')} dropped"] if view.dropped else []
    return ", ".join(parts)


def _top(view: TopView, now: datetime) -> list[Pair]:
    pairs = [("deployment", view.deployment)]
    if view.empty:
        return [*pairs, ("", view.empty)]
    pairs += [
        ("member", f"{each.host} {_state(each)}, {ago(each.seen_at, now)}") for each in view.members
    ]
    busy = [one for one in view.hot if _busy(one.collection)]
    for one in busy[:HOT_SHOWN]:
        hot = one.collection
        told = (
            f"{hot.namespace} on {one.host}: {hot.reads_ms:.0f} ms/s reading, "
            f"{hot.writes_ms:.0f} ms/s writing"
        )
        pairs.append(("busy", told))
    pairs += [] if busy else [("busy", "no collection")]
    return pairs if view.operations else [*pairs, ("", "no operation runs")]


def _busy(hot: HotCollection) -> bool:
    return max(hot.reads_ms, hot.writes_ms) >= HOT_MS_MIN


def _member_columns(rows: Sequence[MemberView]) -> Mapping[str, Cell]:
    """What is the same of all, as it mostly is, takes no room: a terminal has 80 columns."""
    left_out = {"ERROR"} if not any(row.error for row in rows) else set[str]()
    left_out |= {"VOTES"} if len({row.votes for row in rows}) < MANY_OF else set()
    left_out |= {"PRIORITY"} if len({row.priority for row in rows}) < MANY_OF else set()
    return {name: cell for name, cell in _MEMBER_COLUMNS.items() if name not in left_out}


_MEMBER_COLUMNS: Mapping[str, Cell] = {
    "MEMBER": lambda view, _: view.host,
    "STATE": lambda view, _: _state(view),
    "LAG": lambda view, _: _lag(view.lag_seconds if view.up else None),
    "OPLOG": lambda view, _: _lag(view.oplog_window_seconds if view.up else None),
    "VERSION": lambda view, _: view.version or NONE,
    "UP": lambda view, _: _lag(view.uptime_seconds if view.up else None),
    "VOTES": lambda view, _: str(view.votes),
    "PRIORITY": lambda view, _: f"{view.priority:g}",
    "SEEN": lambda view, now: NONE if view.seen_at is None else since(view.seen_at, now),
    "ERROR": lambda view, _: view.error,
}


def _latest_columns(rows: Sequence[LatestView]) -> Mapping[str, Cell]:
    """A column for each member."""
    hosts = sorted(set(chain.from_iterable(row.values for row in rows)))

    def value_of(host: str) -> Cell:
        return lambda row, _: measure(row.values.get(host), row.metric.unit)

    return {
        "CHART": lambda row, _: row.metric.chart,
        "METRIC": lambda row, _: row.metric.name,
        **{harmless(host): value_of(host) for host in hosts},
    }


ONE: Mapping[type, Callable[[Any, datetime], list[Pair]]] = {
    MemberView: _member,
    HealthView: _health,
    TopView: _top,
}
BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {
    HealthView: lambda view: view.members,
    TopView: lambda view: view.operations,
}
MANY: Mapping[type, Mapping[str, Cell] | Callable[[Sequence[Any]], Mapping[str, Cell]]] = {
    MemberView: _member_columns,
    MetricView: {
        "CHART": lambda view, _: view.chart,
        "METRIC": lambda view, _: view.name,
        "TITLE": lambda view, _: view.title,
        "UNIT": lambda view, _: view.unit,
        "OF A": lambda view, _: view.scope,
    },
    LatestView: _latest_columns,
    PointRow: {
        "TIME": lambda row, _: moment(row.at),
        "METRIC": lambda row, _: row.metric,
        "MEMBER": lambda row, _: f"{row.member}/{row.part}" if row.part else row.member,
        "VALUE": lambda row, _: measure(row.value, row.unit),
        "LOW": lambda row, _: measure(row.low, row.unit),
        "HIGH": lambda row, _: measure(row.high, row.unit),
    },
    TopOperation: {
        "MEMBER": lambda one, _: one.host,
        "ID": lambda one, _: one.operation.id,
        "FOR": lambda one, _: f"{one.operation.seconds:.1f}s",
        "OP": lambda one, _: one.operation.op,
        "NAMESPACE": lambda one, _: one.operation.namespace,
        "WAITS": lambda one, _: "lock" if one.operation.waiting else "",
        "PLAN": lambda one, _: one.operation.plan,
        "CLIENT": lambda one, _: " ".join(filter(None, (one.operation.client, one.operation.app))),
        "WHAT": lambda one, _: one.operation.text[:TEXT_CHARS],
    },
}
