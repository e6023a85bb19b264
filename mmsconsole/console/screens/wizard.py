"""The restore wizard: the point, what, where, the review. What runs then is a RestoreScreen.

It may be left at any step: its draft is kept for the deployment until the restore is started,
but for what is secret.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from mmsconsole.console import actions
from mmsconsole.console.bindings import FIELD_KEYS, bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.present import empty, questions, restore_form, review
from mmsconsole.console.present import wizard as words
from mmsconsole.console.present.text import Page, Span, Tone, line
from mmsconsole.console.present.timeline import LABEL_CELLS, axis_for
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import confirm
from mmsconsole.console.screens.picking import PickDialog
from mmsconsole.console.state import SnapshotsState, State
from mmsconsole.console.widgets.command_line import field
from mmsconsole.console.widgets.form_field import FormField
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.scroller import Scroller
from mmsconsole.console.wizard import what, where
from mmsconsole.console.wizard.asking import plan_of, point_of, refusable, start_of
from mmsconsole.console.wizard.draft import FORMS, Asked, Draft, Step, new_draft, step_of
from mmsconsole.console.wizard.points import begin
from mmsconsole.console.wizard.steering import steered
from mmsconsole.errors import MmsError
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.operations.points import parse_point
from mmsconsole.operations.views import BackupStatus, RestorePlan, RestorePoint, RestoreView, Window

T = TypeVar("T")


def ids_of(view: str) -> frozenset[str]:
    return frozenset(each.id for each in actions.REGISTRY if each.views == (view,))


STEERING, KINDS, FORM = ids_of(actions.TIMELINE), ids_of(actions.KINDS), ids_of(actions.FORM)
SCROLLING = frozenset(each.id for each in actions.actions_in(actions.SCROLL) if each.views)
WORKS_AT = (
    (STEERING | {"wizard.typed"}, (Step.POINT,)),
    (KINDS, (Step.KIND,)),
    (FORM, FORMS),
    (SCROLLING, (Step.REVIEW,)),
)


class WizardScreen(ConsoleScreen):
    VIEW = actions.WIZARD
    BINDINGS = bindings_for(actions.TIMELINE, actions.KINDS, actions.FORM, VIEW, actions.SCROLL)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.draft: Draft | None = None
        self.plan: RestorePlan | None = None

    def body(self) -> ComposeResult:
        yield Lines(id="steps")
        with Vertical(id="point-step"):
            yield Lines(id="axis")
            with Horizontal(classes="entry"):
                yield Lines(id="typed-label", classes="label")
                yield field(
                    id="typed",
                    placeholder="2026-01-31T12:00:00Z, SECONDS:INCREMENT, before:...",
                )
        yield Lines(id="kind-step")
        with Vertical(id="form-step"):
            yield Lines(id="form-above")
            yield Lines(id="rows-before")
            with Horizontal(classes="entry"):
                yield Lines(id="row-label", classes="label")
                yield field(id="value", kind=FormField)
            yield Lines(id="rows-after")
            yield Lines(id="form-below")
        yield Scroller(id="review-step")

    # State and drawing

    @property
    def _snapshots(self) -> SnapshotsState:
        assert isinstance(self.state, SnapshotsState)
        return self.state

    @property
    def _status(self) -> BackupStatus | None:
        deployment = self._snapshots.deployment
        return deployment.status if deployment else None

    @property
    def _window(self) -> Window | None:
        return self._status.window if self._status else None

    @property
    def _value(self) -> FormField:
        return self.query_one("#value", FormField)

    @property
    def step(self) -> Step | None:
        return self.draft.step if self.draft else None

    def draw(self, _: State, page: Page) -> None:
        width = page.width - LABEL_CELLS - 1
        if self.draft is None:
            self._begin(width)
        if self.draft is None:
            self._show_step(None)
            self._lines("steps").set_lines(empty.no_snapshots())
            return
        if self.draft.pointing.axis.width != width:
            self.draft = self.draft.pointed(self.draft.pointing.resized(width))
        self._lines("steps").set_lines([(), words.steps(self.draft.step, page), ()])
        self._draw_step(self.draft, page)

    def _begin(self, width: int) -> None:
        draft = self.console.memory.drafts.get(self.place.deployment)
        if draft is None or self.place.item:
            now, item = self.console.clock.now(), self.place.item
            pointing = begin(self._snapshots.snapshots, self._window, now, width, item)
            draft = new_draft(pointing, self.console.memory.habits) if pointing else None
        self.draft = draft
        if draft is not None:
            self.query_one("#typed", Input).value = draft.pointing.typed
            self._go_to(min(draft.step, Step.FIELDS))

    def _draw_step(self, draft: Draft, page: Page) -> None:
        if draft.step == Step.POINT:
            snapshots = self._snapshots.snapshots
            told = words.point_lines(draft.pointing, snapshots, self._status, page)
            self._lines("axis").set_lines(told)
            self._lines("typed-label").set_lines([line(Span(" or type it ", Tone.DIM))])
        elif draft.step == Step.KIND:
            self._lines("kind-step").set_lines(restore_form.kind_lines(draft, page))
        elif draft.form is not None:
            self._lines("form-above").set_lines(restore_form.above(draft))
            self._lines("rows-before").set_lines(restore_form.rows_before(draft.form, page))
            self._lines("row-label").set_lines([restore_form.label(draft.form.row)])
            self._lines("rows-after").set_lines(restore_form.rows_after(draft.form, page))
            self._lines("form-below").set_lines(restore_form.below(draft, page))
        elif self.plan is not None and draft.point is not None:
            overwrites = draft.asked().target.overwrite
            told = review.draw(self.plan, draft.point, overwrites=overwrites, page=page)
            self.query_one("#review-step", Scroller).set_whole(told)

    def _show_step(self, step: Step | None) -> None:
        self.query_one("#point-step").display = step == Step.POINT
        self.query_one("#kind-step").display = step == Step.KIND
        self.query_one("#form-step").display = step in FORMS
        self.query_one("#review-step").display = step == Step.REVIEW

    def _go_to(self, step: Step) -> None:
        assert self.draft is not None
        self._keep(self.draft.at(step))
        self._show_step(step)
        self._show_row()
        self.focus_body()

    def _keep(self, draft: Draft) -> None:
        self.draft = draft
        self.console.memory.drafts[self.place.deployment] = draft.public()

    def _show_row(self) -> None:
        """What stands in the row under the cursor; elsewhere the field holds nothing."""
        form = self.draft.form if self.draft else None
        if form is None:
            self._value.clear()
            return
        secret = form.secret(form.row.key)
        self._value.show(form.row, secret.reveal() if secret else form.text(form.row.key))

    def focus_body(self) -> None:
        self.set_focus(self._value if self.step in FORMS else None)

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        steering = {id_: self._handler(self.steer, id_) for id_ in STEERING}
        kinds = {id_: self._handler(self._choose_kind, id_) for id_ in KINDS}
        scroller = self.query_one("#review-step", Scroller)
        scrolling = {id_: self._handler(scroller.move, id_) for id_ in SCROLLING}
        return steering | kinds | scrolling | {
            "form.down": lambda _: self.after_typing(lambda: self._move(1)),
            "form.up": lambda _: self.after_typing(lambda: self._move(-1)),
            "form.choose": lambda _: self.after_typing(self._pick),
            "wizard.next": lambda _: self.after_typing(self._next),
            "wizard.typed": lambda _: self._swap_focus(),
        }  # fmt: skip

    def _handler(self, act: Callable[[str], None], id_: str) -> Handler:
        return lambda _: act(id_)

    def allows(self, id_: str) -> bool:
        return all(self.step in steps for ids, steps in WORKS_AT if id_ in ids)

    def beside_field(self, id_: str, key: str) -> bool:
        return key in FIELD_KEYS or (id_ in FORM and self.focused is self._value)

    def steer(self, action: str) -> None:
        """An action of TIMELINE by its id. A point chosen here counts before a typed one."""
        if self.draft is not None:
            self.query_one("#typed", Input).value = ""
            window, snapshots = self._window, self._snapshots.snapshots
            pointing = replace(self.draft.pointing, typed="")
            width, now = pointing.axis.width, self.console.clock.now()
            whole = axis_for(snapshots, window, now, width)
            self._keep(self.draft.pointed(steered(pointing, action, snapshots, window, whole)))

    def _choose_kind(self, action: str) -> None:
        if self.draft is None:
            return
        steps = {"kind.down": 1, "kind.up": -1}
        if action in steps:
            self._keep(self.draft.next_kind(steps[action]))
        else:
            self._keep(self.draft.chosen(TargetKind(action.partition(".")[2])))

    def _swap_focus(self) -> None:
        typed = self.query_one("#typed", Input)
        self.set_focus(None if self.focused is typed else typed)

    def back(self, argument: str) -> None:
        """One step back; from the first, out of the wizard."""
        if self.close_command():
            return
        if self.draft is None or self.draft.step == Step.POINT:
            super().back(argument)
        else:
            self.after_typing(self._step_back)

    def _step_back(self) -> None:
        if self.draft is not None:
            self._take()
            self._go_to(Step(self.draft.step - 1))
            self.redraw()

    # What is typed

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.draft is not None and event.input.id in ("typed", "value"):
            self._take()
            self.redraw()

    def _take(self) -> None:
        """As it stands in the fields now: an event may be older than that."""
        draft = self.draft
        if draft is None:
            return
        if draft.step == Step.POINT:
            typed = self.query_one("#typed", Input).value
            self._keep(draft.pointed(replace(draft.pointing, typed=typed)))
        elif draft.form is not None:
            self._keep(self._proposed(draft.with_form(draft.form.typed(self._value.value))))

    def _proposed(self, draft: Draft) -> Draft:
        if draft.step != Step.FIELDS or draft.point is None:
            return draft
        return draft.proposing(where.proposal_for(self.console.restore_folder, draft.point))

    def _move(self, by: int) -> None:
        self._take()
        if self.draft is not None and self.draft.form is not None:
            self._keep(self.draft.with_form(self.draft.form.moved(by)))
            self._show_row()
            self.redraw()

    def _pick(self) -> None:
        """Of the names that there are, into the row under the cursor."""
        self._take()
        draft = self.draft
        if draft is None or draft.form is None or draft.point is None or not draft.form.row.names:
            return
        there = restore_form.chosen_names(draft.point.namespaces)
        if not there:
            self.tell("It was not written down what this snapshot holds: type it.", Tone.WARN)
            return
        dialog = PickDialog(draft.form.row.help, there, self._names_typed())
        self.app.push_screen(dialog, self._picked)

    def _names_typed(self) -> tuple[str, ...]:
        try:
            return what.words(self._value.value)
        except MmsError:
            return ()

    def _picked(self, names: list[str] | None) -> None:
        if names is not None:
            self._value.show(self._value.row, what.joined(names))
            self._take()
            self.redraw()

    # Going on

    def _next(self) -> None:
        if self.step is None:
            return
        self._take()
        acts = {
            Step.POINT: self._point, Step.WHAT: self._choose, Step.KIND: self._fields,
            Step.FIELDS: self._plan, Step.REVIEW: self._confirm,
        }  # fmt: skip
        try:
            acts[self.step]()
        except MmsError as error:
            self.console.tell_error(error, Tone.WARN)
        self.redraw()

    def _point(self) -> None:
        """A second in a gap is refused here, all else by the engine."""
        assert self.draft is not None
        pointing = self.draft.pointing
        gap = pointing.gap(self._status.gaps if self._status else ())
        if gap is not None:
            self.tell(words.gap_sentence(gap), Tone.WARN)
            return
        if pointing.choice.at is not None:
            parse_point(pointing.choice.at)
        call = partial(point_of, self.place.deployment, pointing.choice)
        self._ask("looking at that moment", call, Step.POINT, self._pointed)

    def _pointed(self, point: RestorePoint) -> None:
        assert self.draft is not None
        self._keep(self.draft.taken(point))
        self._go_to(Step.WHAT)

    def _choose(self) -> None:
        assert self.draft is not None
        what.selection_of(self.draft.what)
        self._go_to(Step.KIND)

    def _fields(self) -> None:
        assert self.draft is not None
        self._keep(self._proposed(self.draft.at(Step.FIELDS)))
        self._go_to(Step.FIELDS)

    def _plan(self) -> None:
        assert self.draft is not None
        call = partial(plan_of, self.place.deployment, self.draft.asked())
        self._ask("planning the restore", call, Step.FIELDS, self._planned)

    def _planned(self, plan: RestorePlan) -> None:
        self.plan = plan
        self._go_to(Step.REVIEW)

    def _confirm(self) -> None:
        """Only what changes something that runs is asked about once more."""
        assert self.draft is not None
        assert self.plan is not None
        asked, plan = self.draft.asked(), self.plan
        if asked.target.kind is not TargetKind.LIVE:
            self._start(asked, plan)
            return
        told = questions.live_text(plan, overwrites=asked.target.overwrite)
        question = confirm(f"Write into {plan.target}?", told, "write", typed=(plan.target,))
        self.console.confirm(question, partial(self._start, asked, plan))

    def _start(self, asked: Asked, plan: RestorePlan) -> None:
        call = partial(start_of, self.place.deployment, asked, plan)
        self._ask("starting the restore", call, Step.REVIEW, self._started)

    def _started(self, restore: RestoreView) -> None:
        assert self.draft is not None
        memory, navigation = self.console.memory, self.console.navigation
        memory.habits = self.draft.habits(memory.habits)
        memory.drafts.pop(self.place.deployment, None)
        if restore.offer is not None:
            memory.offers[restore.id] = restore.offer
        if navigation.place == self.place:
            navigation.replace(Place(actions.RESTORE, self.place.deployment, restore.id))
        self.tell("It is under way; the engine goes on with it whatever happens here.")

    def _ask(
        self, doing: str, call: Callable[[OperationsPort], T], step: Step,
        done: Callable[[T], None],
    ) -> None:  # fmt: skip
        """`done` unless somebody has gone elsewhere meanwhile; a refusal leads to its step."""

        def answered(answer: T | MmsError) -> str:
            here = self in self.app.screen_stack and self.step == step
            if isinstance(answer, MmsError):
                self._refused(answer, here)
            elif here or step == Step.REVIEW:
                done(answer)
            self.redraw()
            return ""

        self.console.ask(doing, partial(refusable, call), answered)

    def _refused(self, error: MmsError, here: bool) -> None:
        if here and self.step != Step.POINT:
            self._go_to(step_of(error))
        self.console.tell_error(error)
