"""The restore wizard: the point, the folder, the review. What runs then is a RestoreScreen.

It may be left at any step: its draft is kept for the deployment until the restore is started.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.present import empty
from mmsconsole.console.present import wizard as words
from mmsconsole.console.present.text import Page, Span, Tone, line
from mmsconsole.console.present.timeline import LABEL_CELLS, axis_for
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.state import SnapshotsState, State
from mmsconsole.console.widgets.command_line import field
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.wizard import PAGE_CELLS, Choice, Step, Wizard, begin, proposed_target
from mmsconsole.operations.views import BackupStatus, RestorePlan, RestoreView, Window

STEERING = frozenset(
    action.id for action in actions.REGISTRY if action.views == (actions.TIMELINE,)
)


class WizardScreen(ConsoleScreen):
    VIEW = actions.WIZARD
    BINDINGS = bindings_for(actions.TIMELINE, VIEW)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.wizard: Wizard | None = None
        self.plan: RestorePlan | None = None

    def body(self) -> ComposeResult:
        yield Lines(id="steps")
        with Vertical(id="point-step"):
            yield Lines(id="axis")
            with Horizontal(classes="entry"):
                yield Lines(id="typed-label", classes="label")
                yield field(
                    id="typed", placeholder="2026-01-31T12:00:00Z, SECONDS:INCREMENT or latest"
                )
        with Vertical(id="target-step"):
            yield Lines(id="target-text")
            with Horizontal(classes="entry"):
                yield Lines(id="target-label", classes="label")
                yield field(id="target")
        yield Lines(id="review-step")

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

    def draw(self, _: State, page: Page) -> None:
        width = page.width - LABEL_CELLS - 1
        if self.wizard is None:
            self._begin(width)
        if self.wizard is None:
            self._show_step(None)
            self._lines("steps").set_lines(empty.no_snapshots())
            return
        if self.wizard.axis.width != width:
            self.wizard = self.wizard.resized(width)
        self._draw_step(self.wizard, page)

    def _begin(self, width: int) -> None:
        drafts = self.console.memory.drafts
        draft = drafts.get(self.place.deployment)
        now = self.console.clock.now()
        if draft is None or self.place.item:
            snapshots = self._snapshots.snapshots
            draft = begin(snapshots, self._window, now, width, self.place.item)
        self.wizard = draft
        if draft is not None:
            self.query_one("#typed", Input).value = draft.typed
            self.query_one("#target", Input).value = draft.target
            self._go_to(min(draft.step, Step.TARGET))

    def _draw_step(self, wizard: Wizard, page: Page) -> None:
        self._lines("steps").set_lines([(), words.steps(wizard.step, page), ()])
        if wizard.step == Step.POINT:
            told = words.point_lines(wizard, self._snapshots.snapshots, self._status, page)
            self._lines("axis").set_lines(told)
            self._lines("typed-label").set_lines([line(Span(" or type it ", Tone.DIM))])
        elif wizard.step == Step.TARGET:
            told = words.target_lines(wizard.choice, self.place.deployment, page)
            self._lines("target-text").set_lines(told)
            self._lines("target-label").set_lines([line(Span(" folder ", Tone.DIM))])
        elif self.plan is not None:
            self._lines("review-step").set_lines(words.review_lines(self.plan, page))

    def _show_step(self, step: Step | None) -> None:
        self.query_one("#point-step").display = step == Step.POINT
        self.query_one("#target-step").display = step == Step.TARGET
        self.query_one("#review-step").display = step == Step.REVIEW

    def _go_to(self, step: Step) -> None:
        assert self.wizard is not None
        self._keep(replace(self.wizard, step=step))
        self._show_step(step)
        self.focus_body()

    def _keep(self, wizard: Wizard) -> None:
        self.wizard = wizard
        self.console.memory.drafts[self.place.deployment] = wizard

    def focus_body(self) -> None:
        typing = self.wizard is not None and self.wizard.step == Step.TARGET
        self.set_focus(self.query_one("#target") if typing else None)

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        steering = {id_: self._steerer(id_) for id_ in STEERING}
        return steering | {
            "wizard.next": lambda _: self.after_typing(self._next),
            "wizard.typed": lambda _: self._swap_focus(),
        }

    def allows(self, id_: str) -> bool:
        return id_ not in STEERING or (self.wizard is not None and self.wizard.step == Step.POINT)

    def _steerer(self, id_: str) -> Handler:
        return lambda _: self.steer(id_)

    def steer(self, action: str) -> None:
        """An action of TIMELINE by its id. A point chosen here counts before a typed one."""
        if self.wizard is None:
            return
        self.query_one("#typed", Input).value = ""
        self._keep(self._steered(replace(self.wizard, typed=""), action))

    def _steered(self, wizard: Wizard, action: str) -> Wizard:
        window, snapshots = self._window, self._snapshots.snapshots
        whole = axis_for(snapshots, window, self.console.clock.now(), wizard.axis.width)
        moves: dict[str, Callable[[], Wizard]] = {
            "time.earlier": lambda: wizard.moved(-1, window),
            "time.later": lambda: wizard.moved(1, window),
            "time.page_earlier": lambda: wizard.moved(-PAGE_CELLS, window),
            "time.page_later": lambda: wizard.moved(PAGE_CELLS, window),
            "time.snapshot_before": lambda: wizard.stepped(snapshots, -1),
            "time.snapshot_after": lambda: wizard.stepped(snapshots, 1),
            "time.first": lambda: wizard.at(window.start.time) if window else wizard,
            "time.last": lambda: wizard.at(window.end.time) if window else wizard,
            "time.closer": lambda: wizard.zoomed(True, whole),
            "time.farther": lambda: wizard.zoomed(False, whole),
        }
        return moves[action]()

    def _swap_focus(self) -> None:
        if self.wizard is not None and self.wizard.step == Step.POINT:
            typed = self.query_one("#typed", Input)
            self.set_focus(None if self.focused is typed else typed)

    def back(self, argument: str) -> None:
        """One step back; from the first, out of the wizard."""
        if self.close_command():
            return
        if self.wizard is None or self.wizard.step == Step.POINT:
            super().back(argument)
        else:
            self._go_to(Step(self.wizard.step - 1))

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.wizard is None:
            return
        if event.input.id == "typed":
            self._keep(replace(self.wizard, typed=event.value))
        elif event.input.id == "target":
            self._keep(replace(self.wizard, target=event.value))

    def _next(self) -> None:
        if self.wizard is None:
            return
        typed, target = (
            self.query_one("#typed", Input).value,
            self.query_one("#target", Input).value,
        )
        self._keep(replace(self.wizard, typed=typed, target=target))
        {Step.POINT: self._propose, Step.TARGET: self._plan, Step.REVIEW: self._start}[
            self.wizard.step
        ]()
        self.redraw()

    def _propose(self) -> None:
        """To the second step, with a folder that is new for this point.

        A second in a gap is refused here; what was typed is refused by the engine's plan.
        """
        assert self.wizard is not None
        gap = self.wizard.gap(self._status.gaps if self._status else ())
        if gap is not None:
            self.tell(words.gap_sentence(gap), Tone.WARN)
            return
        folder = self.console.restore_folder
        wizard = self.wizard
        proposed = proposed_target(folder, self.place.deployment, wizard.choice, wizard.cursor)
        target = proposed if wizard.target in ("", wizard.proposed) else wizard.target
        self._keep(replace(wizard, target=target, proposed=proposed))
        self.query_one("#target", Input).value = target
        self._go_to(Step.TARGET)

    # Asking

    def _asked(self) -> tuple[Choice, Path]:
        assert self.wizard is not None
        return self.wizard.choice, Path(self.wizard.target.strip()).expanduser()

    def _plan(self) -> None:
        assert self.wizard is not None
        if not self.wizard.target.strip():
            self.tell("A folder is needed.", Tone.WARN)
            return
        choice, target = self._asked()
        self.console.ask(
            "planning the restore",
            partial(_plan, self.place.deployment, choice, target),
            self._planned,
        )

    def _planned(self, plan: RestorePlan) -> str:
        self.plan = plan
        if self.is_mounted and self.wizard is not None and self.wizard.step == Step.TARGET:
            self._go_to(Step.REVIEW)
            self.redraw()
        return ""

    def _start(self) -> None:
        choice, target = self._asked()
        self.console.ask(
            "starting the restore",
            partial(_start, self.place.deployment, choice, target),
            self._started,
        )

    def _started(self, restore: RestoreView) -> str:
        self.console.memory.drafts.pop(self.place.deployment, None)
        navigation = self.console.navigation
        if navigation.place == self.place:
            navigation.replace(Place(actions.RESTORE, self.place.deployment, restore.id))
        return "The restore is under way; the engine goes on with it whatever happens here."


def _plan(name: str, choice: Choice, target: Path, operations: OperationsPort) -> RestorePlan:
    return operations.plan_restore(name, snapshot=choice.snapshot, at=choice.at, target=target)


def _start(name: str, choice: Choice, target: Path, operations: OperationsPort) -> RestoreView:
    return operations.start_restore(name, snapshot=choice.snapshot, at=choice.at, target=target)
