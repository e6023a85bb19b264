"""What the records of engines, agents and stores show. Pure."""

from collections.abc import Callable, Iterator

from mmsconsole.alerts import conditions as names
from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.finding import NOT_SO, SO, Finding, moment
from mmsconsole.alerts.member_findings import SELDOM, members_of
from mmsconsole.metadata.agents import Agent, embedded_agent
from mmsconsole.metadata.engines import SPACE_HEADS, SPACE_STORE, EngineRecord, Space

GIB = 1 << 30


def engine_name(engine: EngineRecord) -> str:
    """A host may have several."""
    return f"{engine.host}:{engine.home}"


def engine_down(facts: Facts) -> Iterator[Finding]:
    for engine in facts.engines:
        text = f"the engine on {engine.host} was last seen at {moment(engine.seen_at)}"
        yield Finding(names.ENGINE_DOWN, engine_name(engine), facts.age(engine.seen_at), text)


def monitoring_agent_down(facts: Facts) -> Iterator[Finding]:
    """Of an engine that is down nothing is said of its agent: one alert is enough."""
    agents = {agent.engine: agent for agent in facts.agents}
    for engine in facts.engines:
        if engine.monitors:
            yield _agent_down(facts, engine, agents.get(engine.id))
    if any(engine.monitors and _has_settled(facts, engine) for engine in facts.engines):
        yield from _unasked(facts)


def _agent_down(facts: Facts, engine: EngineRecord, agent: Agent | None) -> Finding:
    if facts.age(engine.seen_at) >= facts.stale_seconds:
        value, text = None, f"its engine on {engine.host} says nothing"
    elif not _has_settled(facts, engine):
        value, text = None, f"its engine on {engine.host} has just been started"
    else:
        seen_at = engine.started_at if agent is None else agent.seen_at
        value, text = facts.age(seen_at), f"the agent was last seen at {moment(seen_at)}"
        if agent is None:
            text = f"the engine on {engine.host} runs since {moment(seen_at)} without its agent"
    return Finding(names.MONITORING_AGENT_DOWN, embedded_agent(engine.id), value, text)


def _has_settled(facts: Facts, engine: EngineRecord) -> bool:
    """It runs, and not only since a moment ago."""
    alive = facts.age(engine.seen_at) < facts.stale_seconds
    return alive and facts.age(engine.started_at) >= facts.stale_seconds


def _unasked(facts: Facts) -> Iterator[Finding]:
    """Agents may be well, and yet none asks anybody."""
    asked = [member.asked_at for _, member in members_of(facts) if member.asked_at is not None]
    if asked:
        age, newest = facts.age(max(asked)), moment(max(asked))
        value = age if age >= facts.stale_seconds * SELDOM else 0.0
        text = f"no member of any deployment was asked since {newest}"
        yield Finding(names.MONITORING_AGENT_DOWN, "", value, text)


def head_space(facts: Facts) -> Iterator[Finding]:
    return _spaces(facts, names.HEAD_SPACE, SPACE_HEADS)


def store_space(facts: Facts) -> Iterator[Finding]:
    return _spaces(facts, names.STORE_SPACE, SPACE_STORE)


def _spaces(facts: Facts, condition: str, kind: str) -> Iterator[Finding]:
    for engine in facts.engines:
        for space in engine.spaces:
            if space.kind == kind and space.total_bytes:
                yield _space(facts, condition, engine, space)


def _space(facts: Facts, condition: str, engine: EngineRecord, space: Space) -> Finding:
    subject = f"{space.name} of {engine_name(engine)}"
    if engine.spaces_at is None or facts.age(engine.spaces_at) >= 2 * facts.stale_seconds:
        return Finding(condition, subject, None, "its engine has not looked for a while")
    percent = 100.0 * space.free_bytes / space.total_bytes
    free, total = space.free_bytes / GIB, space.total_bytes / GIB
    text = f"{free:.1f} GiB of {total:.1f} GiB are free ({percent:.0f} %): {subject}"
    return Finding(condition, subject, percent, text)


def store_damaged(facts: Facts) -> Iterator[Finding]:
    for store, check in facts.damages.items():
        if check is None:
            yield Finding(names.STORE_DAMAGED, store, NOT_SO, f"the store {store} is whole")
        else:
            text = f"the store {store} has {check.found} objects that are missing or wrong"
            yield Finding(names.STORE_DAMAGED, store, SO, text)


ENGINE_FINDERS: dict[str, Callable[[Facts], Iterator[Finding]]] = {
    names.ENGINE_DOWN: engine_down,
    names.MONITORING_AGENT_DOWN: monitoring_agent_down,
    names.HEAD_SPACE: head_space,
    names.STORE_SPACE: store_space,
    names.STORE_DAMAGED: store_damaged,
}
