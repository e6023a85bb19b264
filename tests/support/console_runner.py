"""The console over a scene, in a real terminal: `python -m tests.support.console_runner rich`.

--bump FILE     the lag of `orders` grows by a second whenever FILE has grown; its samples have a
                newest point only when FILE is there
--away FILE     no engine answers while FILE exists
--started       as if this console had started the engine; says on exit whether it was stopped
--ticking       the system's clock in place of one that stands still
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmsconsole.clock import SystemClock
from mmsconsole.console.app import run_console
from mmsconsole.operations.monitoring_views import SeriesPoint, SeriesView
from mmsconsole.settings import load_settings
from tests.support.fake_operations import SCENES, FakeOperations
from tests.support.standing_clock import StandingClock


class FollowFiles:
    """What a test does from outside, done to the scene at each poll."""

    def __init__(self, bump: Path | None, away: Path | None) -> None:
        self.bump = bump
        self.away = away

    def __call__(self, scene: FakeOperations) -> None:
        if self.bump and self.bump.exists():
            view = scene.views["orders"]
            assert view.status.head is not None
            head = replace(view.status.head, lag_seconds=2 + self.bump.stat().st_size)
            scene.views["orders"] = replace(view, status=replace(view.status, head=head))


class FromOutside(FakeOperations):
    gone: Path | None = None
    grows: Path | None = None

    def metric_series(self, name: str, metric_name: str, **more: Any) -> list[SeriesView]:
        found = super().metric_series(name, metric_name, **more)
        if self.grows is None or self.grows.exists():
            return found
        return [replace(one, points=_but_the_newest(one.points)) for one in found]

    def _reach(self, method: str) -> None:
        self.away = bool(self.gone and self.gone.exists())
        super()._reach(method)


def _but_the_newest(points: tuple[SeriesPoint, ...]) -> tuple[SeriesPoint, ...]:
    known = [place for place, point in enumerate(points) if point.value is not None]
    return points[: known[-1]] if known else points


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scene", choices=sorted(SCENES))
    parser.add_argument("--bump", type=Path)
    parser.add_argument("--away", type=Path)
    parser.add_argument("--started", action="store_true")
    parser.add_argument("--ticking", action="store_true")
    asked = parser.parse_args()
    made = SCENES[asked.scene]()
    scene = FromOutside(**{name: getattr(made, name) for name in made.__dataclass_fields__})
    scene.gone, scene.grows = asked.away, asked.bump
    scene.on_poll = FollowFiles(asked.bump, asked.away)
    stopped: list[bool] = []
    run_console(
        scene,
        load_settings(os.environ),
        started_engine=asked.started,
        stop_engine=lambda: stopped.append(True),
        clock=SystemClock() if asked.ticking else StandingClock(),
    )
    print("engine stopped" if stopped else "engine left alone")


if __name__ == "__main__":
    main()
