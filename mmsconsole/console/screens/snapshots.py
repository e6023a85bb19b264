"""The snapshots of a deployment on the time axis."""

from collections.abc import Sequence
from functools import partial

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.present import empty, questions, snapshots
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.present.timeline import moment_of
from mmsconsole.console.present.words import moment
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.dialog import confirm
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.state import SnapshotsState, State
from mmsconsole.operations.views import SnapshotView


class SnapshotsScreen(ListScreen):
    VIEW = actions.SNAPSHOTS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = snapshots.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return snapshots.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [snapshots.row(snapshot, page) for snapshot in _snapshots(state)]

    def above(self, state: State, page: Page) -> list[Line]:
        if state.deployment is None or not _snapshots(state):
            return []
        return snapshots.axis_lines(state.deployment, _snapshots(state), self.key, page)

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = self._chosen(state)
        return snapshots.detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.no_snapshots()

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"snapshot.delete": self._delete}

    def chosen_snapshot(self) -> str:
        """Id of the snapshot that a restore would begin with."""
        return self.key

    def _chosen(self, state: State | None) -> SnapshotView | None:
        return find(_snapshots(state), self.key) if state else None

    def _delete(self, _: str) -> None:
        snapshot = self._chosen(self.state)
        if snapshot is None:
            return
        at = moment(moment_of(snapshot))
        question = confirm(
            "Delete a snapshot",
            questions.deletion_text(at, snapshot.deployment),
            "delete it",
            typed=self.place.deployment,
        )
        self.console.confirm(question, partial(self._deleted, snapshot.id, at))

    def _deleted(self, snapshot_id: str, at: str) -> None:
        self.console.ask(
            f"deleting the snapshot of {at}",
            lambda operations: operations.delete_snapshot(snapshot_id),
            lambda _: f"The snapshot of {at} is deleted.",
        )


def _snapshots(state: State) -> tuple[SnapshotView, ...]:
    assert isinstance(state, SnapshotsState)
    return state.snapshots
