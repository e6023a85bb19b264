"""The members of a deployment: who they are, how they are, what is wrong."""

from collections.abc import Collection, Sequence

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.measures import measure
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.spark import of_member, told
from mmsconsole.console.present.status import Mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import (
    NONE,
    age,
    ago,
    duration,
    moment,
    moment_of,
    named_sentence,
    plural,
    sentence,
    since,
)
from mmsconsole.monitoring.metrics import Unit
from mmsconsole.operations.monitoring_views import (
    CRITICAL,
    WORKING,
    AgentView,
    ChainNode,
    CostView,
    HealthView,
    MemberView,
    SeriesView,
)

DETAIL_LINES = 9
WARNINGS_SHOWN, WIDE_WARNINGS = 3, 8
SPARK_CELLS, WIDE_SPARK = 30, 60
LATE = frozenset(("lag", "resync near"))
"""Kinds of warnings that the lag of a member is told in."""


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("MEMBER", 21, grow=2),
        Column("STATE", 13),
        Column("LAG", 6, right=True),
        Column("OPLOG", 7, right=True),
        Column("UPTIME", 7, right=True),
        Column("MONGOD", 6),
        Column("SEEN", 5, right=True),
    )
    if not page.wide:
        return narrow
    return (
        *narrow,
        Column("FOLLOWS", 14, grow=1),
        Column("VOTES", 5, right=True),
        Column("PRIO", 4, right=True),
        Column("CONNS", 5, right=True),
        Column("CACHE", 6, right=True),
        Column("MEMORY", 8, right=True),
    )


def mark(member: MemberView, glyphs: Glyphs) -> Mark:
    if member.seen_at is None and not member.error:
        return Mark(glyphs.todo, "never seen", Tone.DIM)
    if member.stale:
        return Mark(glyphs.off, "not asked", Tone.WARN)
    if not member.up:
        return Mark(glyphs.bad, "no answer", Tone.BAD)
    if member.locked:
        return Mark(glyphs.warn, "locked", Tone.WARN)
    if member.state not in WORKING:
        return Mark(glyphs.warn, member.state or "unknown", Tone.WARN)
    return Mark(glyphs.good, member.state, Tone.GOOD)


def kinds_of(health: HealthView, member: MemberView) -> frozenset[str]:
    """Of the warnings about it."""
    return frozenset(each.kind for each in health.warnings if each.host == member.host)


def row(member: MemberView, page: Page, wrong: Collection[str] = ()) -> Row:
    """What is told of a member that does not answer is dim: it is old. `wrong`: see kinds_of()."""
    tone = Tone.TEXT if member.up else Tone.DIM
    cells: tuple[Line, ...] = (
        line(Span(member.host, Tone.TITLE), Span(_kind(member), Tone.DIM)),
        mark(member, page.glyphs).line,
        _lag(member, late=not LATE.isdisjoint(wrong)),
        (Span(_seconds(member.oplog_window_seconds), tone),),
        (Span(_days(member.uptime_seconds), tone),),
        (Span(member.version or NONE, tone),),
        (Span(age(member.seen_at, page.now), tone if member.up else Tone.WARN),),
    )
    if not page.wide:
        return Row(member.host, cells)
    more = (
        member.sync_source or NONE,
        str(member.votes),
        measure(member.priority, Unit.COUNT),
        measure(member.values.get("connections_current"), Unit.COUNT),
        measure(member.values.get("cache_used_percent"), Unit.PERCENT),
        measure(member.values.get("memory_resident"), Unit.BYTES),
    )
    return Row(member.host, (*cells, *((Span(text, tone),) for text in more)))


def _kind(member: MemberView) -> str:
    hidden = " hidden" if member.hidden else ""
    return hidden + (f" delayed {duration(member.delay_seconds)}" if member.delay_seconds else "")


def _lag(member: MemberView, *, late: bool) -> Line:
    if member.lag_seconds is None or not member.up:
        return (Span(NONE, Tone.DIM),)
    return (Span(measure(member.lag_seconds, Unit.SECONDS), Tone.WARN if late else Tone.TEXT),)


def _seconds(seconds: float | None) -> str:
    return NONE if seconds is None else duration(seconds)


def _days(seconds: float | None) -> str:
    """One unit where it is long: seconds that count would repaint for ever."""
    if seconds is None:
        return NONE
    return duration(seconds // 60 * 60) if seconds >= 60 else "<1m"


def above(health: HealthView, page: Page) -> list[Line]:
    """How the whole is, what is wrong in words, and who was elected last."""
    if health.empty:
        return []
    return [*_summary(health, page), *_warnings(health, page), *_elections(health, page)]


def _summary(health: HealthView, page: Page) -> list[Line]:
    answer = sum(member.up for member in health.members)
    told = f"{answer} of {plural(len(health.members), 'member')} answer"
    primary = f", primary {health.primary}" if health.primary else ""
    sign = Span(f" {page.glyphs.good} well", Tone.GOOD)
    if health.warnings:
        worst = health.warnings[0].level == CRITICAL
        sign = Span(f" {page.glyphs.bad if worst else page.glyphs.warn} "
                    f"{plural(len(health.warnings), 'warning')}",
                    Tone.BAD if worst else Tone.WARN)  # fmt: skip
    return [line(sign, f"  {told}{primary}", Span(_chain(health.chain), Tone.DIM))]


def _chain(roots: Sequence[ChainNode]) -> str:
    """Only where somebody follows another than the primary: else it says nothing."""
    deep = [(second.host, third.host) for root in roots for second in root.followers
            for third in second.followers]  # fmt: skip
    return "".join(f"; {third} follows {second}" for second, third in deep[:1])


def _warnings(health: HealthView, page: Page) -> list[Line]:
    most = WIDE_WARNINGS if page.height >= 40 else WARNINGS_SHOWN
    lines: list[Line] = []
    for warning in health.warnings[:most]:
        critical = warning.level == CRITICAL
        tone = Tone.BAD if critical else Tone.WARN
        sign = page.glyphs.bad if critical else page.glyphs.warn
        told = wrap(named_sentence(warning.text), page.width - 6, tone)[:2]
        lead = [line("   ", Span(f"{sign} ", tone)), line("     ")]
        lines += [line(a, b) for a, b in zip(lead, told, strict=False)]
    left = len(health.warnings) - most
    if left > 0:
        lines.append(line("   ", Span(f"and {left} more", Tone.DIM)))
    return lines


def _elections(health: HealthView, page: Page) -> list[Line]:
    if not health.elections:
        return []
    last = health.elections[0]
    term = "" if last.term is None else f", term {last.term}"
    more = len(health.elections) - 1
    others = f"; {more} more in the day before" if more else ""
    told = f"{last.host} {ago(last.at, page.now)} ({moment(last.at)}{term}){others}"
    return [labelled("elected", Span(told, Tone.DIM))]


def detail(
    health: HealthView, member: MemberView, requests: Sequence[SeriesView],
    lag: Sequence[SeriesView], page: Page,
) -> list[Line]:  # fmt: skip
    width = WIDE_SPARK if page.wide else SPARK_CELLS
    cost = next((each for each in health.costs if each.host == member.host), None)
    lines = [
        rule(member.host, page, _about(member)),
        *_trouble(member, page),
        labelled("requests", told(of_member(requests, member.host), width, page)),
        labelled("lag", told(of_member(lag, member.host), width, page)),
        _oplog(member, page),
        labelled("follows", member.sync_source or "nobody", _followers(health, member)),
        _server(member, page),
        *_certificate(member, ending="certificate" in kinds_of(health, member)),
        _cost(cost, health.agents),
    ]
    return lines[:DETAIL_LINES]


def _about(member: MemberView) -> str:
    vote = "votes" if member.votes else "no vote"
    priority = measure(member.priority, Unit.COUNT)
    return f"{member.set_name}, {vote}, priority {priority}{_kind(member)}"


def _trouble(member: MemberView, page: Page) -> list[Line]:
    lines: list[Line] = []
    if member.error:
        begun = "" if member.since is None else f" (since {moment(member.since)})"
        lines += wrap(f"{sentence(member.error)[:-1]}{begun}.", page.width - 2, Tone.BAD)[:2]
    if member.missing:
        text = sentence("not told: " + "; ".join(member.missing))
        lines += wrap(text, page.width - 2, Tone.WARN)[:1]
    return indent(lines, 1)


def _oplog(member: MemberView, page: Page) -> Line:
    if member.oplog_first is None or member.oplog_last is None:
        return labelled("oplog", Span("it has none, or does not tell", Tone.DIM))
    to = f" {page.glyphs.arrow} "
    reach = Span(f"  {_seconds(member.oplog_window_seconds)}", Tone.DIM)
    return labelled("oplog", moment_of(member.oplog_first), to, moment_of(member.oplog_last), reach)


def _followers(health: HealthView, member: MemberView) -> Span:
    names = [each.host for each in health.members if each.sync_source == member.host]
    return Span(f"  followed by {', '.join(names)}" if names else "", Tone.DIM)


def _server(member: MemberView, page: Page) -> Line:
    """Its program, since when, and when it was seen."""
    parts = (f"MongoDB {member.version}" if member.version else "",
             f"fcv {member.fcv}" if member.fcv else "", member.storage_engine)  # fmt: skip
    program = f" {page.glyphs.dot} ".join(part for part in parts if part) or NONE
    up = f"  up {_days(member.uptime_seconds)}"
    seen = "never" if member.seen_at is None else since(member.seen_at, page.now)
    return labelled("server", program, Span(f"{up}, seen {seen}", Tone.DIM))


def _certificate(member: MemberView, *, ending: bool) -> list[Line]:
    if member.certificate_ends is None:
        return []
    tone = Tone.WARN if ending else Tone.TEXT
    names = ", ".join(member.certificate_names[:3])
    ends = Span(f"ends {moment(member.certificate_ends)}", tone)
    return [labelled("certificate", ends, Span(f"  {names}", Tone.DIM))]


def _cost(cost: CostView | None, agents: Sequence[AgentView]) -> Line:
    """What our own looking costs, and who looks."""
    if cost is None or cost.poll_ms is None:
        return labelled("our polls", Span("not known yet", Tone.DIM))
    whole, ours, theirs = (
        measure(each, Unit.MILLISECONDS) for each in (cost.poll_ms, cost.cpu_ms, cost.server_ms)
    )
    by = next((agent for agent in agents if agent.up), None)
    who = "" if by is None else f"; all {measure(by.cpu_percent, Unit.PERCENT)} of a core"
    lost = sum(each.dropped for each in agents)
    gone = Span(f", {lost} samples lost" if lost else "", Tone.WARN)
    told = f"{whole}, {ours} of our CPU, {theirs} of its"
    return labelled("our polls", told, Span(who, Tone.DIM), gone)
