"""Restores that a catalogue tells of belong to another engine: nothing of them is gone on with."""

from dataclasses import replace

import pytest

from mmsconsole.metadata.restores import UNFINISHED, Restore, RestoreState
from mmsconsole.recovery.checks import settled
from tests.support.clock import ManualClock

NOW = ManualClock().now()
RESTORE = Restore("r", "d", "s", "/srv/r", NOW, staging="/etc", touched=True)


@pytest.mark.parametrize("state", list(RestoreState))
def test_the_places_that_it_names_are_nobodys_to_remove(state: RestoreState) -> None:
    found = settled(replace(RESTORE, state=state), store="default", now=NOW)
    assert isinstance(found, Restore)
    assert (found.staging, found.touched) == ("", False)
    assert found.state is (RestoreState.FAILED if state in UNFINISHED else state)
