"""A new replica set from a restore that is done: asked for, and shown how."""

from functools import partial

from mmsconsole.console.present import questions, shell
from mmsconsole.console.present.text import Tone
from mmsconsole.console.screens.base import ConsoleScreen
from mmsconsole.console.screens.dialog import Wanted
from mmsconsole.console.screens.showing import Copied, ShowDialog, Shown
from mmsconsole.console.state import RestoreState
from mmsconsole.errors import UsageError
from mmsconsole.metadata.restores import RestoreState as States
from mmsconsole.operations.seeding import WITH_FILES, SeedView
from mmsconsole.operations.views import RestoreView
from mmsconsole.restore.seeding.plan import seed_of
from mmsconsole.task import Task

SET_NAME = "rs0"
ONE_MEMBER = ("localhost",)
"""To look at the name alone."""


def seed_shown(screen: ConsoleScreen) -> None:
    """Of the restore that the screen shows."""
    restore = screen.state.restore if isinstance(screen.state, RestoreState) else None
    if restore is None:
        return
    if restore.state != States.DONE:
        screen.tell(f"The restore is {restore.state}, not done.", Tone.WARN)
    elif restore.kind not in WITH_FILES:
        screen.tell("This restore left no files that a mongod could start on.", Tone.WARN)
    else:
        wanted = Wanted("Seed a replica set", questions.SEED_NAME_TEXT, name_complaint, SET_NAME)
        screen.console.want(wanted, partial(_ask_members, screen, restore))


def _ask_members(screen: ConsoleScreen, restore: RestoreView, name: str) -> None:
    wanted = Wanted(
        f"Seed the replica set {name}",
        questions.SEED_MEMBERS_TEXT,
        lambda text: members_complaint(name, text),
    )
    screen.console.want(wanted, partial(_ask, screen, restore, name))


def _ask(screen: ConsoleScreen, restore: RestoreView, name: str, members: str) -> None:
    screen.console.ask(
        f"asking how {name} begins",
        lambda operations: operations.seed(restore.id, name, members.split(), None, Task()),
        partial(_show, screen),
    )


def _show(screen: ConsoleScreen, seed: SeedView) -> str:
    shown = Shown(
        f"How the replica set {seed.set_name} begins",
        partial(shell.commands, seed.commands),
        (Copied("the commands", "\n".join(seed.commands)),),
    )
    screen.app.push_screen(ShowDialog(shown))
    return ""


def name_complaint(text: str) -> str:
    """Why it is no name of a replica set; empty: it is one."""
    return _complaint(text, ONE_MEMBER)


def members_complaint(name: str, text: str) -> str:
    return _complaint(name, text.split())


def _complaint(name: str, members: list[str] | tuple[str, ...]) -> str:
    try:
        seed_of(name, members)
    except UsageError as error:
        return f"{error.what}: {error.hint}" if error.hint else error.what
    return ""
