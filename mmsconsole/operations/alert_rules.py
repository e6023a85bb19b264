"""Rules of alerts: what holds for the group and for a deployment, changed, muted, reset.

A deployment's rule stands whole in the place of its group's rule of the same condition.
"""

from dataclasses import replace
from datetime import datetime

from mmsconsole.alerts.conditions import condition
from mmsconsole.alerts.defaults import default_rule
from mmsconsole.alerts.finding import moment
from mmsconsole.errors import NotFound, UsageError
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.operations.alert_events import check_ahead, check_note, leave_event, named
from mmsconsole.operations.alert_views import RuleView, RuleWish
from mmsconsole.operations.amounts import in_words, span_in_words
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.rule_slots import Slot, same, slot_of, slots
from mmsconsole.operations.rule_wishes import wished, with_threshold

# -- questions ----------------------------------------------------------------------------------


def listed(desk: Desk, name: str | None) -> list[RuleView]:
    """In the order of the conditions; None: the group's."""
    return [_view(slot) for slot in slots(desk, named(desk, name)) if slot.rule is not None]


def enabled(desk: Desk) -> int:
    """Rules of the group that are switched on."""
    return sum(view.watches(desk.clock.now()) for view in listed(desk, None))


# -- changes ------------------------------------------------------------------------------------


def change(desk: Desk, said: str, wish: RuleWish, name: str | None, metric: str) -> RuleView:
    """Raises UsageError for what makes no sense."""
    slot = slot_of(desk, said, name, metric)
    before = _base(desk, slot)
    channels = tuple(desk.settings.tree.notify)
    after = wished(before, wish, slot.condition, slot.unit, channels)
    if slot.metric and after.threshold is None:
        raise UsageError("a metric wants a threshold", where=slot.metric,
                         hint="name it: --threshold VALUE")  # fmt: skip
    if after.enabled and not before.enabled:
        after = replace(after, created_at=desk.clock.now())
    told = differences(before, after, slot.unit) if slot.rule is not None else ["new"]
    if told:
        _put(desk, replace(after, changed_by=desk.actor.name))
        _leave(desk, "alert rule changed", slot, f"was changed: {', '.join(told)}")
    return _view(slot_of(desk, said, name, metric))


def mute(
    desk: Desk, said: str, until: datetime, note: str, name: str | None, metric: str
) -> RuleView:
    """Until then its alerts are shown, and nobody is told."""
    check_ahead(until, desk.clock.now())
    check_note(note)
    slot = _known(slot_of(desk, said, name, metric))
    by = desk.actor.name
    _put(desk, replace(_base(desk, slot), muted_until=until, muted_by=by, note=note))
    why = f": {note}" if note else ""
    _leave(desk, "alert rule muted", slot, f"is muted until {moment(until)}{why}")
    return _view(slot_of(desk, said, name, metric))


def unmute(desk: Desk, said: str, name: str | None, metric: str) -> RuleView:
    """One that is not muted stays as it is."""
    slot = _known(slot_of(desk, said, name, metric))
    before = _base(desk, slot)
    if before.muted_until is not None:
        _put(desk, replace(before, muted_until=None, muted_by="", note=""))
        _leave(desk, "alert rule unmuted", slot, "is muted no longer")
        _drop_if_needless(desk, slot_of(desk, said, name, metric))
    return _view(slot_of(desk, said, name, metric))


def reset(desk: Desk, said: str, name: str | None, metric: str) -> RuleView | None:
    """To what holds without it: of a deployment the group's, of the group the default. None: a
    rule of a metric, which is gone then."""
    slot = slot_of(desk, said, name, metric)
    if slot.own is not None and (slot.deployment is not None or slot.differs or _muted(slot.own)):
        _remove(desk, slot)
        _leave(desk, "alert rule reset", slot, "is as it was by default")
    again = slot_of(desk, said, name, metric)
    return None if again.rule is None else _view(again)


def _base(desk: Desk, slot: Slot) -> AlertRule:
    """What a change begins with, with the id of its own place."""
    now = desk.clock.now()
    rule = slot.rule or default_rule(DEFAULT_GROUP, slot.condition, now, metric=slot.metric)
    return replace(rule, id=slot.id, deployment=slot.deployment_id)


def _known(slot: Slot) -> Slot:
    if slot.rule is None:
        raise NotFound(f"there is no rule of {slot.metric}", where=slot.condition.name,
                       hint="see: mmsconsole alert-rule list")  # fmt: skip
    return slot


def _put(desk: Desk, rule: AlertRule) -> None:
    desk.metadata.alert_rules.put(rule)


def _remove(desk: Desk, slot: Slot) -> None:
    """The group's default is put there: its alerts name it."""
    if slot.deployment is None and slot.standard is not None:
        since = slot.standard.created_at if slot.own is None else slot.own.created_at
        _put(desk, replace(slot.standard, created_at=since))
    else:
        desk.metadata.alert_rules.remove(slot.id)


def _drop_if_needless(desk: Desk, slot: Slot) -> None:
    """A deployment's that says what the group's says; unless that is muted, and it is not."""
    if slot.deployment is None or slot.own is None or slot.above is None:
        return
    if same(slot.own, slot.above) and not _muted(slot.above):
        desk.metadata.alert_rules.remove(slot.id)


def _muted(rule: AlertRule) -> bool:
    return rule.muted_until is not None


def _leave(desk: Desk, kind: str, slot: Slot, what: str) -> None:
    leave_event(
        desk, kind, f"the alert rule {slot.subject} {what}", slot.deployment_id,
        condition=slot.condition.name, metric=slot.metric,
    )  # fmt: skip


# -- views --------------------------------------------------------------------------------------


def _view(slot: Slot) -> RuleView:
    rule = slot.rule
    assert rule is not None
    compared = slot.above if slot.own is not None else None
    return RuleView(
        id=f"{rule.condition}|{rule.metric}",
        condition=rule.condition,
        metric=rule.metric,
        title=slot.condition.title,
        deployment="" if slot.deployment is None else slot.deployment.name,
        decided_by=slot.decided_by,
        enabled=rule.enabled,
        threshold=rule.threshold,
        unit=slot.unit,
        for_seconds=rule.for_seconds,
        severity=rule.severity.value,
        renotify_minutes=rule.renotify_minutes,
        channels=rule.channels,
        muted_until=rule.muted_until,
        muted_by=rule.muted_by,
        note=rule.note,
        overridden=() if compared is None else tuple(differences(compared, rule, slot.unit)),
        hint=slot.condition.hint,
        clear_threshold=rule.clear_threshold,
        clear_seconds=rule.clear_seconds,
    )


def differences(before: AlertRule, after: AlertRule, unit: str) -> list[str]:
    """Each with its new and its old value, in words."""
    return [
        f"{label} {new} instead of {old}"
        for label, new, old in (
            ("threshold", in_words(after.threshold, unit) or "none",
             in_words(before.threshold, unit) or "none"),
            ("delay", span_in_words(after.for_seconds), span_in_words(before.for_seconds)),
            ("closes", _closes(after, unit), _closes(_moved(before, after, unit), unit)),
            ("closes after", span_in_words(after.clear_seconds),
             span_in_words(before.clear_seconds)),
            ("severity", after.severity.value, before.severity.value),
            ("told again", _again(after), _again(before)),
            ("channels", _by(after), _by(before)),
            ("rule", _on(after), _on(before)),
        )
        if new != old
    ]  # fmt: skip


def _moved(before: AlertRule, after: AlertRule, unit: str) -> AlertRule:
    """A new threshold alone takes the one for clearing along."""
    if before.threshold == after.threshold:
        return before
    return with_threshold(before, after.threshold, condition(after.condition), unit)


def _closes(rule: AlertRule, unit: str) -> str:
    clear = rule.threshold if rule.clear_threshold is None else rule.clear_threshold
    return f"at {in_words(clear, unit)}" if clear is not None else "none"


def _again(rule: AlertRule) -> str:
    return span_in_words(rule.renotify_minutes * 60) if rule.renotify_minutes else "never"


def _by(rule: AlertRule) -> str:
    return ", ".join(rule.channels) or "all"


def _on(rule: AlertRule) -> str:
    return "on" if rule.enabled else "off"
