"""The policy of a deployment, or of the group, edited beside a live preview of what it keeps.

Changes are kept for the place until they are saved or undone. A preview is asked for when the
values have stood still for a moment, and never a second one while the first is under way.
"""

from collections.abc import Callable
from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from mmsconsole.console import actions, errands
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.policy_editor import PolicyEditor
from mmsconsole.console.present import policy as words
from mmsconsole.console.present import policy_editor as drawn
from mmsconsole.console.present.text import Page, Span, Tone, line
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import TEXT_CELLS, confirm
from mmsconsole.console.state import PolicyState, State
from mmsconsole.console.widgets.command_line import field
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.ops_table import OpsTable
from mmsconsole.console.widgets.scroller import Scroller
from mmsconsole.errors import MmsError, UsageError
from mmsconsole.operations.policy_views import PolicyPreview, PolicyView

STANDSTILL_SECONDS = 0.2
"""Values that change faster than this are not previewed one by one."""
PREVIEW_SECONDS = 60.0
"""After this an untouched preview is asked for anew: snapshots come and go."""
QUESTION_LINES = 16
"""Of a question beside its table."""


Change = Callable[[PolicyEditor, str], PolicyEditor]


class PolicyScreen(ConsoleScreen):
    VIEW = actions.POLICY
    BINDINGS = bindings_for(VIEW, actions.TABLE)

    class Previewed(Message):
        def __init__(
            self, editor: PolicyEditor, preview: PolicyPreview | None, error: MmsError | None
        ) -> None:
            super().__init__()
            self.editor = editor
            self.preview = preview
            self.error = error

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.editor: PolicyEditor | None = None
        self._told: PolicyView | None = None
        """What the engine said last."""
        self.preview: PolicyPreview | None = None
        self._previewed: PolicyEditor | None = None
        """What the preview is of."""
        self._trouble: MmsError | None = None
        """Why there is no preview."""
        self._wrong: UsageError | None = None
        """Why what is being typed will not do."""
        self._before: PolicyEditor | None = None
        """As it was before the field was opened; None: it is not open."""
        self._timer: Timer | None = None
        self._previewing = False

    def body(self) -> ComposeResult:
        with Horizontal(id="policy"):
            with Vertical(id="editor"):
                yield Lines(id="title")
                yield OpsTable(id="keys")
                yield Lines(id="meaning")
                with Horizontal(id="value-entry", classes="entry"):
                    yield Lines(id="value-label", classes="label")
                    yield field(id="value")
                yield Lines(id="wrong")
            with Vertical(id="outlook"):
                yield Lines(id="summary")
                yield Scroller(id="kept")

    def on_mount(self) -> None:
        self._show_field(open_=False)
        self.set_interval(PREVIEW_SECONDS, self._want_preview)

    @property
    def busy(self) -> bool:
        return super().busy or self._timer is not None or self._previewing

    @property
    def table(self) -> OpsTable:
        return self.query_one("#keys", OpsTable)

    @property
    def typing(self) -> bool:
        return self._before is not None

    # State and drawing

    def draw(self, state: State, page: Page) -> None:
        assert isinstance(state, PolicyState)
        left = drawn.WIDE_LEFT_CELLS if page.wide else drawn.LEFT_CELLS
        self.query_one("#editor").styles.width = left
        self._take(state.policy)
        if self.editor is not None:
            self._draw_editor(self.editor)
            self._draw_outlook(self.editor)

    def _take(self, view: PolicyView) -> None:
        """What is saved by now, under the changes that were made here."""
        if view == self._told:  # an answer from before a change of ours takes nothing back
            return
        self._told = view
        known = self.editor or self.console.memory.policies.get(self.place)
        self._keep(PolicyEditor(view) if known is None else known.seen(view))
        self._want_preview()

    def _keep(self, editor: PolicyEditor) -> None:
        self.editor = editor
        self.console.memory.policies[self.place] = editor

    def _draw_editor(self, editor: PolicyEditor) -> None:
        table, meaning = self.table, self._lines("meaning")
        left = self._lines("title").page
        self._lines("title").set_lines([drawn.title(editor, left)])
        table.set_rows(drawn.COLUMNS, drawn.rows(editor, left))
        meaning.set_lines(drawn.meaning(editor, table.key, left, typing=self.typing))
        self._lines("value-label").set_lines([line(Span(" new value ", Tone.DIM))])
        wrong = drawn.complaint(self._wrong, left) if self._wrong else []
        self._lines("wrong").set_lines(wrong)

    def _draw_outlook(self, editor: PolicyEditor) -> None:
        summary, kept = self._lines("summary"), self.query_one(Scroller)
        trouble = editor.problem or self._trouble
        current = self._previewed == editor
        right = summary.page
        summary.set_lines(drawn.summary(self.preview, trouble, current=current, page=right))
        shown = [] if self.preview is None or trouble else drawn.table(self.preview, right)
        kept.set_whole(shown)

    def on_ops_table_moved(self) -> None:
        self.redraw()

    def deployment_name(self) -> str:
        return self.place.deployment

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        moving = {
            action.id: self._mover(action.id)
            for action in actions.actions_in(actions.TABLE)
            if action.views
        }
        return moving | {
            "policy.edit": lambda _: self._edit(),
            "policy.less": lambda _: self._step(-1),
            "policy.more": lambda _: self._step(1),
            "policy.inherit": lambda _: self._changed(PolicyEditor.inheriting),
            "policy.undo": lambda _: self._changed(PolicyEditor.undone),
            "policy.save": lambda _: self._save(),
            "policy.group": lambda _: self._swap(),
        }

    def _mover(self, id_: str) -> Handler:
        """The keys all fit; pages are of what is kept."""
        paging = id_.startswith("row.page")
        return lambda _: self.query_one(Scroller).move(id_) if paging else self.table.move(id_)

    def _step(self, direction: int) -> None:
        if self.editor is not None:
            self._edited(self.editor.stepped(self.table.key, direction))

    def _changed(self, change: Change) -> None:
        if self.editor is not None:
            self._edited(change(self.editor, self.table.key))

    def _edited(self, editor: PolicyEditor) -> None:
        if editor != self.editor:
            self._keep(editor)
            self._want_preview()

    def _swap(self) -> None:
        """To what all deployments inherit, and back."""
        if self.typing:
            return
        if self.place.deployment:
            self.console.navigation.go(Place(actions.POLICY))
        else:
            self.console.navigation.back()

    # Typing

    def _edit(self) -> None:
        if self.typing:
            self.after_typing(self._accept)
        elif self.editor is not None:
            self._before = self.editor
            self._show_field(open_=True)
            self.query_one("#value", Input).value = str(self.editor.value(self.table.key))

    def _show_field(self, *, open_: bool) -> None:
        self.query_one("#value-entry").display = open_
        self.set_focus(self.query_one("#value") if open_ else None)

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#value") if self.typing else None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Each sign is judged at once, and what will do is previewed."""
        if event.input.id == "value":
            self._judge(event.value)
            self.redraw()

    def _judge(self, text: str) -> None:
        if self._before is None:
            return
        try:
            editor = self._before.with_text(self.table.key, text)
        except UsageError as error:
            self._wrong = error
            self._edited(self._before)
        else:
            self._wrong = None
            self._edited(editor)

    def _accept(self) -> None:
        """What will not do stays in the field, with the reason below it. The field is asked
        itself: what it told of its last signs may still be on the way.
        """
        self._judge(self.query_one("#value", Input).value)
        if self._wrong is None:
            self._close_field()
        self.redraw()

    def _close_field(self) -> None:
        self._before, self._wrong = None, None
        self._show_field(open_=False)
        self.redraw()

    def back(self, argument: str) -> None:
        """Out of the field first, with the value that stood there before."""
        if self.close_command():
            return
        if self._before is not None:
            self._edited(self._before)
            self._close_field()
        else:
            super().back(argument)

    # The preview

    def _want_preview(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(STANDSTILL_SECONDS, self._ask_preview)

    def _ask_preview(self) -> None:
        self._timer = None
        if not self._previewing and self.editor is not None and self.editor.problem is None:
            self._previewing = True
            self._preview(self.editor)
        self.redraw()

    @work(group="preview")
    async def _preview(self, editor: PolicyEditor) -> None:
        operations = self.console.operations
        try:
            found = await errands.poll(
                lambda: operations.preview_policy(editor.name, editor.changes)
            )
        except MmsError as error:
            self.post_message(self.Previewed(editor, None, error))
        else:
            self.post_message(self.Previewed(editor, found, None))

    def on_policy_screen_previewed(self, message: Previewed) -> None:
        self._previewing = False
        self._trouble = message.error
        if message.preview is not None:
            self.preview, self._previewed = message.preview, message.editor
        if self.editor != message.editor:
            self._want_preview()
        self.redraw()

    # Saving

    def _save(self) -> None:
        """First what it would do as it is now, then the question, then the change."""
        editor = self.editor
        if editor is None or not editor.changes:
            self.tell("Nothing is changed.", Tone.WARN)
        elif editor.problem is not None:
            self.console.tell_error(editor.problem)
        else:
            self.console.ask(
                f"looking at what this does to {words.subject(editor.view)}",
                lambda operations: operations.preview_policy(editor.name, editor.changes),
                partial(self._confirm, editor),
            )

    def _confirm(self, editor: PolicyEditor, preview: PolicyPreview) -> str:
        subject = words.subject(editor.view)
        told = list(drawn.told_changes(editor))
        height = self.app.size.height
        page = self.console.page(TEXT_CELLS, height)
        if preview.deletes:
            told.append(f"This deletes {preview.what_goes}:")
        else:
            told.append("Nothing is deleted by it.")
        question = confirm(
            f"Change the policy of {subject}?",
            told,
            "change it",
            typed=(editor.view.deployment or editor.view.group,) if preview.deletes else (),
            table=drawn.losses(preview, max(2, height - QUESTION_LINES), page),
        )
        self.console.confirm(question, partial(self._confirmed, editor, preview.deletes))
        return ""

    def _confirmed(self, editor: PolicyEditor, deletes: bool) -> None:
        self.console.ask(
            f"changing the policy of {words.subject(editor.view)}",
            lambda operations: operations.set_policy(
                editor.name, editor.changes, confirmed=deletes
            ),
            self._saved,
        )

    def _saved(self, view: PolicyView) -> str:
        self._keep(PolicyEditor(view))
        self._want_preview()
        self.poll()
        return f"The policy of {words.subject(view)} is changed."
