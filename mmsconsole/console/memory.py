"""What was shown last in each place, so that going back shows it at once."""

from datetime import timedelta

from mmsconsole.console.navigation import Place
from mmsconsole.console.policy_editor import PolicyEditor
from mmsconsole.console.reached import Reached
from mmsconsole.console.state import OverviewState, State
from mmsconsole.console.wizard import Wizard

PLACES_MAX = 64


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
        self.drafts: dict[str, Wizard] = {}
        """A restore wizard that was left before its end, by deployment."""
        self._names: tuple[str, ...] = ()

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
