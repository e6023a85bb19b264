"""What actions do that work in more than one view."""

from collections.abc import Mapping

from mmsconsole.console import actions
from mmsconsole.console.host import Host
from mmsconsole.console.navigation import ROOT, Place
from mmsconsole.console.present import questions
from mmsconsole.console.present.text import Tone
from mmsconsole.console.recording.acts import replay_handlers
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import confirm
from mmsconsole.console.screens.help import HelpScreen, PaletteScreen
from mmsconsole.console.screens.maintenance import set_maintenance
from mmsconsole.console.screens.opening import open_moment
from mmsconsole.console.screens.seeding import seed_shown
from mmsconsole.operations.views import Removal


class Acts:
    """For one screen. Each act takes what was typed after its word, empty for a key."""

    def __init__(self, app: Host, screen: ConsoleScreen) -> None:
        self.app = app
        self.screen = screen

    def handlers(self) -> Mapping[str, Handler]:
        moving = replay_handlers(self.app, self.screen)
        return self._views() | self._of_deployments() | self._of_console() | moving

    def _views(self) -> dict[str, Handler]:
        return {
            "view.overview": lambda _: self.app.navigation.switch(ROOT),
            "view.deployment": self._named(self._opened(actions.DEPLOYMENT)),
            "view.snapshots": self._named(self._opened(actions.SNAPSHOTS)),
            "view.jobs": self._here_or_all(actions.JOBS),
            "view.restores": self._here_or_all(actions.RESTORES),
            "view.events": self._here_or_all(actions.EVENTS),
            "view.policy": self._policy,
            "view.oplog": self._named(self._opened(actions.OPLOG)),
            "view.stores": lambda _: self.app.navigation.switch(
                Place(actions.STORES, self.screen.place.deployment)
            ),
            "view.opened": lambda _: self.app.navigation.switch(
                Place(actions.OPENED, self.screen.place.deployment)
            ),
            "view.links": self._here_or_all(actions.LINKS),
            **{
                f"view.{view}": self._named(self._opened(view))
                for view in (actions.HEALTH, actions.CHART, actions.TOP, actions.HOST)
            },
            "view.alerts": self._here_or_all(actions.ALERTS),
            "view.rules": self._here_or_all(actions.RULES),
            "view.channels": lambda _: self.app.navigation.switch(Place(actions.CHANNELS)),
            "maintenance.set": self._maintenance,
        }

    def _of_deployments(self) -> dict[str, Handler]:
        return {
            "backup.start": self._named(self.start_backup),
            "backup.stop": self._named(self.stop_backup),
            "snapshot.take": self._named(self.take_snapshot),
            "restore.new": self._named(self.restore),
            "deployment.remove": self._named(self.remove),
            "head.validate": self._named(self.validate_head),
            "head.rebuild": self._named(self.rebuild_head),
            "moment.verify": self._named(self.verify_moment),
            "moment.open": lambda typed: open_moment(self.screen, typed),
            "restore.seed": lambda _: seed_shown(self.screen),
        }

    def _of_console(self) -> dict[str, Handler]:
        return {
            "go.back": self.screen.back,
            "go.command": self.screen.open_command,
            "go.previous": lambda _: self._previous(),
            "go.palette": lambda _: self._palette(),
            "go.help": lambda _: self._help(),
            "go.quit": lambda _: self.app.ask_to_quit(),
            "look.refresh": lambda _: self.screen.poll(),
            "look.pause": lambda _: self._pause(),
            "look.theme": self.app.choose_theme,
        }

    # Which deployment

    def _named(self, act: Handler) -> Handler:
        """Give it the deployment that was typed, or that the screen is about."""

        def checked(argument: str) -> None:
            name = argument or self.screen.deployment_name()
            if name:
                act(name)
            else:
                key = actions.key_of("view.overview")
                self.app.tell("No deployment is chosen.", Tone.WARN, f"Press {key} and choose one.")

        return checked

    def _opened(self, view: str) -> Handler:
        return lambda name: self.app.navigation.switch(Place(view, name))

    def _here_or_all(self, view: str) -> Handler:
        """About the deployment that was typed or is open; about all where none is."""
        return lambda typed: self.app.navigation.switch(
            Place(view, typed or self.screen.place.deployment)
        )

    def _policy(self, typed: str) -> None:
        """Of the deployment that was typed, or that the screen is about; else of the group."""
        name = typed or self.screen.deployment_name()
        self.app.navigation.switch(Place(actions.POLICY, name))

    def _maintenance(self, typed: str) -> None:
        """Of the deployment that was typed or is open; else of all."""
        set_maintenance(self.screen, typed or self.screen.place.deployment)

    # Deployments

    def start_backup(self, name: str) -> None:
        self.app.ask(
            f"starting the backup of {name}",
            lambda operations: operations.start_backup(name),
            lambda status: f"The backup of {name} is {status.state}.",
        )

    def stop_backup(self, name: str) -> None:
        question = confirm(f"Stop the backup of {name}?", questions.STOP_TEXT, "stop the backup")
        self.app.confirm(question, lambda: self._stop(name))

    def _stop(self, name: str) -> None:
        self.app.ask(
            f"stopping the backup of {name}",
            lambda operations: operations.stop_backup(name),
            lambda status: f"The backup of {name} is {status.state}.",
        )

    def take_snapshot(self, name: str) -> None:
        self.app.ask(
            f"asking for a snapshot of {name}",
            lambda operations: operations.take_snapshot(name),
            lambda _: f"A snapshot of {name} is being taken.",
        )

    def restore(self, name: str) -> None:
        snapshot = ""
        if name == self.screen.place.deployment:
            snapshot = self.screen.chosen_snapshot()
        self.app.navigation.go(Place(actions.WIZARD, name, snapshot))

    def remove(self, name: str) -> None:
        """First what would be deleted, then the question."""
        self.app.ask(
            f"looking at what is stored of {name}",
            lambda operations: operations.removal(name),
            self._confirm_removal,
        )

    def _confirm_removal(self, removal: Removal) -> str:
        name = removal.deployment
        question = confirm(
            f"Remove {name}", questions.removal_text(removal), "remove it", typed=(name,)
        )
        self.app.confirm(question, lambda: self._remove(name))
        return ""

    def _remove(self, name: str) -> None:
        self.app.ask(
            f"removing {name}",
            lambda operations: operations.remove_deployment(name, cancel_restores=True),
            lambda _: self._removed(name),
        )

    def _removed(self, name: str) -> str:
        if self.app.navigation.place.deployment == name:
            self.app.navigation.go(ROOT)
        return f"{name} is removed; a job deletes what was stored of it."

    # Heads

    def validate_head(self, name: str) -> None:
        question = confirm(
            f"Validate the head of {name}?", questions.VALIDATE_TEXT, "validate the head"
        )
        self.app.confirm(question, lambda: self._validate_head(name))

    def _validate_head(self, name: str) -> None:
        self.app.ask(
            f"asking for a validation of the head of {name}",
            lambda operations: operations.validate_head(name),
            lambda _: f"The head of {name} is to be validated: jobs and events show it.",
        )

    def rebuild_head(self, name: str) -> None:
        question = confirm(
            f"Rebuild the head of {name}?", questions.REBUILD_TEXT, "rebuild the head"
        )
        self.app.confirm(question, lambda: self._rebuild_head(name))

    def _rebuild_head(self, name: str) -> None:
        self.app.ask(
            f"asking for a new head of {name}",
            lambda operations: operations.rebuild_head(name),
            lambda _: f"The head of {name} is being rebuilt.",
        )

    def verify_moment(self, name: str) -> None:
        self.app.ask(
            f"asking for a verification of a moment of {name}",
            lambda operations: operations.verify_moment(name),
            lambda _: f"A moment of {name} is to be restored and compared: the jobs show it.",
        )

    # The console itself

    def _previous(self) -> None:
        self.app.navigation.previous()

    def _pause(self) -> None:
        self.app.pause()

    def _help(self) -> None:
        self.screen.app.push_screen(HelpScreen(self.screen.VIEW))

    def _palette(self) -> None:
        def picked(id_: str | None) -> None:
            if id_:
                self.app.do(self.screen, actions.action_of(id_), "")

        self.screen.app.push_screen(PaletteScreen(self.screen.VIEW), picked)
