"""What is done to one snapshot, from the list and from its own view."""

from collections.abc import Callable
from functools import partial

from mmsconsole.console.expiry import Expiry, complaint, read_expiry
from mmsconsole.console.present import questions
from mmsconsole.console.present.text import Tone
from mmsconsole.console.present.timeline import moment_of
from mmsconsole.console.present.words import moment
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import Wanted, confirm
from mmsconsole.console.screens.opening import open_snapshot
from mmsconsole.operations.views import SnapshotView

Act = Callable[[SnapshotView], None]


class SnapshotActs:
    """`chosen` tells which snapshot is meant; None: none is there."""

    def __init__(self, screen: ConsoleScreen, chosen: Callable[[], SnapshotView | None]) -> None:
        self._screen = screen
        self._chosen = chosen

    def handlers(self) -> dict[str, Handler]:
        return {
            "snapshot.hold": self._of_chosen(self._hold),
            "snapshot.release": self._of_chosen(self._release),
            "snapshot.expire": self._of_chosen(self._expire),
            "snapshot.delete": self._of_chosen(self._delete),
            "snapshot.verify": self._of_chosen(self._verify),
            "snapshot.open": self._of_chosen(partial(open_snapshot, self._screen)),
        }

    def _of_chosen(self, act: Act) -> Handler:
        def done(_: str) -> None:
            snapshot = self._chosen()
            if snapshot is not None:
                act(snapshot)

        return done

    def _hold(self, snapshot: SnapshotView) -> None:
        wanted = Wanted(
            f"Hold the snapshot of {_at(snapshot)}",
            questions.HOLD_TEXT,
            questions.hold_complaint,
            snapshot.hold,
        )
        self._screen.console.want(wanted, partial(self._held, snapshot))

    def _held(self, snapshot: SnapshotView, reason: str) -> None:
        self._screen.console.ask(
            f"holding the snapshot of {_at(snapshot)}",
            lambda operations: operations.hold_snapshot(snapshot.id, reason),
            lambda _: f"The snapshot of {_at(snapshot)} is held.",
        )

    def _release(self, snapshot: SnapshotView) -> None:
        if not snapshot.hold:
            self._screen.tell("This snapshot is not held.", Tone.WARN)
            return
        question = confirm(
            f"Release the snapshot of {_at(snapshot)}?",
            questions.release_text(snapshot),
            "release it",
        )
        self._screen.console.confirm(question, partial(self._released, snapshot))

    def _released(self, snapshot: SnapshotView) -> None:
        self._screen.console.ask(
            f"releasing the snapshot of {_at(snapshot)}",
            lambda operations: operations.release_snapshot(snapshot.id),
            lambda _: f"The snapshot of {_at(snapshot)} is held no longer.",
        )

    def _expire(self, snapshot: SnapshotView) -> None:
        """First the date, then what follows from it."""
        console = self._screen.console
        wanted = Wanted(
            f"Let the snapshot of {_at(snapshot)} expire",
            questions.expiry_text(snapshot),
            lambda text: complaint(text, console.clock.now()),
        )
        console.want(wanted, partial(self._confirm_expiry, snapshot))

    def _confirm_expiry(self, snapshot: SnapshotView, text: str) -> None:
        """What goes at once wants a typed confirmation, as a deletion does."""
        console = self._screen.console
        expiry = read_expiry(text, console.clock.now())
        told = questions.expires_text(_at(snapshot), expiry)
        typed = _names(snapshot) if expiry.at is None else ()
        when = "now" if expiry.at is None else f"at {moment(expiry.at)}"
        question = confirm(f"Let it expire {when}?", told, "let it expire", typed=typed)
        console.confirm(question, partial(self._expired, snapshot, expiry))

    def _expired(self, snapshot: SnapshotView, expiry: Expiry) -> None:
        when = "now" if expiry.at is None else f"at {moment(expiry.at)}"
        self._screen.console.ask(
            f"giving the snapshot of {_at(snapshot)} its date",
            lambda operations: operations.expire_snapshot(snapshot.id, expiry.at),
            lambda _: f"The snapshot of {_at(snapshot)} expires {when}.",
        )

    def _delete(self, snapshot: SnapshotView) -> None:
        question = confirm(
            "Delete a snapshot",
            questions.deletion_text(snapshot, _at(snapshot)),
            "delete it",
            typed=_names(snapshot),
        )
        self._screen.console.confirm(question, partial(self._deleted, snapshot))

    def _deleted(self, snapshot: SnapshotView) -> None:
        self._screen.console.ask(
            f"deleting the snapshot of {_at(snapshot)}",
            lambda operations: operations.delete_snapshot(snapshot.id),
            lambda _: f"The snapshot of {_at(snapshot)} is being deleted.",
        )

    def _verify(self, snapshot: SnapshotView) -> None:
        self._screen.console.ask(
            f"asking for a verification of the snapshot of {_at(snapshot)}",
            lambda operations: operations.verify_snapshot(snapshot.id),
            lambda _: f"The snapshot of {_at(snapshot)} is to be verified: the jobs show it.",
        )


def _at(snapshot: SnapshotView) -> str:
    return moment(moment_of(snapshot))


def _names(snapshot: SnapshotView) -> tuple[str, str]:
    return (snapshot.deployment, snapshot.id)
