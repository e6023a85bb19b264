"""One look at one group: gather, evaluate, write, queue.

The order of the writes, and ids that are the same when it is done again, see to it that a kill
between any two of them neither loses nor doubles a notification.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mmsconsole.alerts.conditions import is_known
from mmsconsole.alerts.evaluator import evaluate, event_id
from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.findings import findings
from mmsconsole.alerts.flapping import FLAPS_WITHIN
from mmsconsole.alerts.gathering import gather
from mmsconsole.alerts.notify.channel import READ_BY_PEOPLE
from mmsconsole.alerts.queueing import empty_outboxes
from mmsconsole.alerts.situation import Situation, Verdicts
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.database import Metadata
from mmsconsole.settings import Settings

WINDOWS_KEPT = timedelta(days=90)


def judge(
    metadata: Metadata, settings: Settings, group: str, now: datetime, seconds: float
) -> Verdicts:
    """For who has the group's lease; `seconds`: how long it was held in all. Raises
    MetadataError: the next look does again what was not written.
    """
    rules = list(metadata.alert_rules.of_group(group))
    facts = gather(metadata, settings, group, now)
    verdicts = evaluate(situation_of(metadata, facts, rules, seconds))
    write(metadata, verdicts)
    channels = settings.tree.notify
    people = [name for name, one in channels.items() if one.kind in READ_BY_PEOPLE]
    empty_outboxes(metadata, group, list(channels), people)
    return verdicts


def situation_of(
    metadata: Metadata, facts: Facts, rules: Sequence[AlertRule], seconds: float
) -> Situation:
    found = tuple(findings(facts, (rule.slot for rule in rules if rule.enabled)))
    events = [event_id(facts.group, one) for one in found if one.occurrence]
    return Situation(
        group=facts.group,
        now=facts.now,
        seconds=seconds,
        rules=rules,
        findings=found,
        standing=[one for one in metadata.alerts.to_judge(facts.group) if is_known(one.condition)],
        pending=metadata.alert_pendings.of(facts.group),
        windows=list(metadata.maintenance.not_over(facts.now, facts.group)),
        names={one.id: one.deployment.name for one in facts.deployments},
        known=metadata.alerts.known(events) if events else frozenset(),
        flaps=metadata.alerts.closed_since(facts.group, facts.now - FLAPS_WITHIN),
    )


def write(metadata: Metadata, verdicts: Verdicts) -> None:
    """An alert is there before what was pending of it goes: it is not waited for twice."""
    metadata.alerts.open_all(verdicts.opened)
    metadata.alerts.change_all(verdicts.changed)
    metadata.alert_pendings.put_all(verdicts.pended)
    if verdicts.dropped:
        metadata.alert_pendings.remove_all(verdicts.dropped)


def forget(metadata: Metadata, now: datetime, kept: timedelta) -> None:
    """What is over for so long, and the rules of deployments that are gone."""
    metadata.alerts.forget_closed(now - kept)
    metadata.notifications.forget(now - kept)
    metadata.maintenance.forget(now - WINDOWS_KEPT)
    there = {one.id for one in metadata.deployments.all()}
    for rule in list(metadata.alert_rules.all({"deployment": {"$ne": ""}})):
        if rule.deployment not in there:
            metadata.alert_rules.remove(rule.id)
