"""Restores of the demo's deployment, waited for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from mmsconsole.demo.narrator import Step
from mmsconsole.demo.scene import NAME, PHASE_SECONDS_MAX, Scene, in_words
from mmsconsole.demo.waiting import wait_for
from mmsconsole.errors import MmsError
from mmsconsole.metadata.restores import UNFINISHED
from mmsconsole.metadata.targets import Target
from mmsconsole.operations.views import RestoreView

DONE = "done"


def restored(scene: Scene, step: Step, target: Path | Target, **how: Any) -> RestoreView:
    """Asked for, and done. `how`: as start_restore takes it. Raises MmsError with the reason."""
    asked = scene.operations.start_restore(NAME, target=target, **how)
    done = wait_until_done(scene, step, asked)
    if done.state != DONE:
        raise MmsError(f"the restore has {done.state}: {done.reason}", where=done.id)
    return replace(done, offer=asked.offer)


def wait_until_done(scene: Scene, step: Step, asked: RestoreView) -> RestoreView:
    """As it ended, well or not."""

    def look() -> RestoreView | None:
        restore = scene.operations.restore(asked.id)
        for progress in restore.progress[-1:]:
            step.progress(in_words(progress))
        return None if restore.state in UNFINISHED else restore

    return wait_for(
        "the restore was not done", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX
    )
