"""What was shown last in each place, so that going back shows it at once."""

from mmsconsole.console.navigation import Place
from mmsconsole.console.state import OverviewState, State
from mmsconsole.console.wizard import Wizard

PLACES_MAX = 64


class Memory:
    def __init__(self) -> None:
        self._states: dict[Place, State] = {}
        self.cursors: dict[Place, str] = {}
        """Key of the row under the cursor."""
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
