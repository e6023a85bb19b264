"""The rules of alerts, edited by keys; and the channels that people are told by."""

from collections.abc import Callable, Sequence
from functools import partial

from mmsconsole.console import actions
from mmsconsole.console.alert_state import ChannelsState, RulesState
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.present import alert_rules, questions_of_alerts
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.present.words import moment
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.dialog import Wanted
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.state import State
from mmsconsole.metadata.events import Severity
from mmsconsole.operations.alert_views import NotificationView, RuleView, RuleWish
from mmsconsole.operations.amounts import in_words, read_until, span_in_words

Act = Callable[[RuleView], None]
SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.ERROR)


class RulesScreen(ListScreen):
    """What holds for the deployment of the place, or for the group."""

    VIEW = actions.RULES
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = alert_rules.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return alert_rules.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [alert_rules.row(view, page) for view in _rules(state)]

    def above(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, RulesState)
        return alert_rules.rules_above(state.watch, state.rules, page)

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = find(_rules(state), self.key)
        return alert_rules.rule_detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        return []

    def own_handlers(self) -> dict[str, Handler]:
        acts: dict[str, Act] = {
            "rule.threshold": self._threshold,
            "rule.delay": self._delay,
            "rule.severity": self._severity,
            "rule.mute": self._mute,
            "rule.switch": self._switch,
            "rule.reset": self._reset,
        }
        return super().own_handlers() | {id_: self._of_chosen(act) for id_, act in acts.items()}

    def _of_chosen(self, act: Act) -> Handler:
        def done(_: str) -> None:
            chosen = find(_rules(self.state), self.key) if self.state else None
            if chosen is not None:
                act(chosen)

        return done

    def _threshold(self, view: RuleView) -> None:
        if view.threshold is None:
            self.tell(f"{view.condition} has no limit: it is so, or it is not.", Tone.WARN)
            return
        wanted = Wanted(
            f"The limit of: {alert_rules.title(view)}",
            alert_rules.threshold_text(view),
            partial(questions_of_alerts.threshold_complaint, view=view),
            in_words(view.threshold, view.unit),
        )
        self.console.want(wanted, lambda text: self._change(view, RuleWish(threshold=text)))

    def _delay(self, view: RuleView) -> None:
        wanted = Wanted(
            f"The delay of: {alert_rules.title(view)}",
            questions_of_alerts.DELAY_TEXT,
            questions_of_alerts.delay_complaint,
            span_in_words(view.for_seconds),
        )
        self.console.want(wanted, lambda text: self._change(view, RuleWish(for_=text)))

    def _severity(self, view: RuleView) -> None:
        place = SEVERITIES.index(Severity(view.severity))
        self._change(view, RuleWish(severity=SEVERITIES[(place + 1) % len(SEVERITIES)].value))

    def _switch(self, view: RuleView) -> None:
        self._change(view, RuleWish(enabled=not view.enabled))

    def _change(self, view: RuleView, wish: RuleWish) -> None:
        name = self.place.deployment or None
        self.console.ask(
            f"changing the rule {alert_rules.title(view)}",
            lambda operations: operations.set_alert_rule(
                view.condition, wish, name=name, metric=view.metric
            ),
            lambda after: f"{alert_rules.title(after)}: {alert_rules.in_short(after)}.",
        )

    def _mute(self, view: RuleView) -> None:
        now = self.console.clock.now()
        if view.is_muted(now):
            self._unmute(view)
            return
        wanted = Wanted(
            f"Mute: {alert_rules.title(view)}",
            questions_of_alerts.MUTE_TEXT,
            lambda text: questions_of_alerts.end_complaint(text, self.console.clock.now()),
            "1 h",
        )
        self.console.want(wanted, partial(self._ask_note, view))

    def _ask_note(self, view: RuleView, until: str) -> None:
        wanted = Wanted(
            "Why is it muted?",
            questions_of_alerts.NOTE_TEXT,
            questions_of_alerts.note_complaint,
            questions_of_alerts.NO_NOTE,
        )
        self.console.want(wanted, partial(self._muted, view, until))

    def _muted(self, view: RuleView, until: str, note: str) -> None:
        name, end = self.place.deployment or None, read_until(until, self.console.clock.now())
        told = questions_of_alerts.read_note(note)
        self.console.ask(
            f"muting the rule {alert_rules.title(view)}",
            lambda operations: operations.mute_alert_rule(
                view.condition, end, told, name=name, metric=view.metric
            ),
            lambda after: f"Nobody is told of it until {moment(after.muted_until)}.",
        )

    def _unmute(self, view: RuleView) -> None:
        name = self.place.deployment or None
        self.console.ask(
            f"unmuting the rule {alert_rules.title(view)}",
            lambda operations: operations.unmute_alert_rule(
                view.condition, name=name, metric=view.metric
            ),
            lambda _: "People are told of it again.",
        )

    def _reset(self, view: RuleView) -> None:
        name = self.place.deployment or None
        self.console.ask(
            f"resetting the rule {alert_rules.title(view)}",
            lambda operations: operations.reset_alert_rule(
                view.condition, name=name, metric=view.metric
            ),
            lambda after: "It is as it was by default." if after else "The rule is gone.",
        )


class ChannelsScreen(ListScreen):
    VIEW = actions.CHANNELS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = alert_rules.CHANNEL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return alert_rules.channel_columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [alert_rules.channel_row(one, page) for one in _channels(state).channels]

    def detail(self, state: State, page: Page) -> list[Line]:
        found = [one for one in _channels(state).channels if one.name == self.key]
        return alert_rules.channel_detail(found[0], _channels(state).sent, page) if found else []

    def nothing(self) -> list[Line]:
        return alert_rules.no_channels()

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"channel.test": lambda _: self._test()}

    def _test(self) -> None:
        if not self.key:
            return
        name = self.key
        self.console.ask(
            f"sending a test by {name}",
            lambda operations: operations.test_channel(name),
            self._tested,
        )

    def _tested(self, sent: NotificationView) -> str:
        if sent.state == "sent":
            return f"A test went through {sent.channel}."
        self.tell(f"The test by {sent.channel} did not go through: {sent.error}.", Tone.BAD)
        return ""


def _rules(state: State) -> tuple[RuleView, ...]:
    assert isinstance(state, RulesState)
    return state.rules


def _channels(state: State) -> ChannelsState:
    assert isinstance(state, ChannelsState)
    return state
