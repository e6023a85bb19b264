"""What was shown last in each place, so that going back shows it at once."""

from datetime import timedelta

from mmsconsole.console.charts import Chart
from mmsconsole.console.navigation import Place
from mmsconsole.console.opened import Documents
from mmsconsole.console.oplog import Browser
from mmsconsole.console.policy_editor import PolicyEditor
from mmsconsole.console.reached import Reached
from mmsconsole.console.state import OverviewState, State
from mmsconsole.console.wizard.draft import Draft, Habits
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.operations.opening_views import OpenedCollection

PLACES_MAX = 64
FOUND_MAX = 4
"""Collections whose documents are kept: each page of them may be large."""


class Memory:
    def __init__(self) -> None:
        self._states: dict[Place, State] = {}
        self.cursors: dict[Place, str] = {}
        """Key of the row under the cursor."""
        self.spans: dict[Place, timedelta | None] = {}
        """How much of the time axis was shown last; None: all."""
        self.reached: dict[str, Reached] = {}
        """By store: what its place answered last."""
        self.policies: dict[Place, PolicyEditor] = {}
        """Changes of a policy that are not saved."""
        self.drafts: dict[str, Draft] = {}
        """A restore wizard that was left before its end, by deployment; nothing secret."""
        self.habits = Habits()
        self.charts: dict[str, Chart] = {}
        """By deployment: what was charted last, and of when."""
        self.pins: dict[str, tuple[str, ...]] = {}
        """By deployment: metrics whose charts are kept together."""
        self.oplogs: dict[Place, Browser] = {}
        """Where the oplog was looked at last."""
        self.collections: dict[Place, tuple[OpenedCollection, ...]] = {}
        """Of what was opened for reading."""
        self._found: dict[Place, Documents] = {}
        self.offers: dict[str, LinkOffer] = {}
        """By link, how to get at it: told once, when it was made, and gone with this console."""
        self._names: tuple[str, ...] = ()

    def found(self, place: Place) -> Documents | None:
        """What was read last of a collection."""
        return self._found.get(place)

    def keep_found(self, place: Place, documents: Documents) -> None:
        self._found.pop(place, None)
        self._found[place] = documents
        while len(self._found) > FOUND_MAX:
            self._found.pop(next(iter(self._found)))

    def state(self, place: Place) -> State | None:
        return self._states.get(place)

    def keep(self, place: Place, state: State) -> None:
        if isinstance(state, OverviewState):
            self._names = tuple(view.name for view in state.deployments)
        self._states.pop(place, None)
        self._states[place] = state
        while len(self._states) > PLACES_MAX:
            self._states.pop(next(iter(self._states)))

    def deployment_names(self) -> tuple[str, ...]:
        return self._names
