"""What the front end of an engine tells of its backups."""

from dataclasses import replace

from mmsconsole.engine.front_end import figures_of
from mmsconsole.operations.views import WarningView, Window
from mmsconsole.optime import Optime
from mmsconsole.service.figures import health, metrics
from tests.cli.views import VIEWS


class FakeOperations:
    def __init__(self, **changes: object) -> None:
        self._status = replace(VIEWS["backup"], **changes)

    def deployments(self) -> list[object]:
        return [VIEWS["deployment"]]

    def backup_status(self, name: str) -> object:
        return self._status


def test_a_backup_is_told_by_its_newest_window_and_snapshots() -> None:
    windows = (Window(Optime(5, 1), Optime(9, 1)), Window(Optime(20, 1), Optime(30, 7)))
    figures = figures_of(FakeOperations(windows=windows, warnings=()))  # type: ignore[arg-type]

    (shop,) = figures.deployments
    assert (shop.window_start, shop.window_end) == (20.0, 30.0)
    assert shop.last_snapshot == VIEWS["backup"].last_snapshot.created_at
    assert "mmsconsole_window_end_timestamp_seconds" in metrics(figures)
    assert health(figures) == (True, '{"ok": true}\n')


def test_of_a_warning_only_its_kind_is_told_because_its_text_names_hosts() -> None:
    warning = WarningView("oplog", "critical", "db1.example:27017 is behind")
    figures = figures_of(FakeOperations(warnings=(warning,)))  # type: ignore[arg-type]

    well, text = health(figures)

    assert not well
    assert "shop: oplog critical" in text
    assert "db1.example" not in text + metrics(figures)


def test_a_backup_that_needs_a_resync_is_not_well() -> None:
    figures = figures_of(FakeOperations(state="resync required", warnings=()))  # type: ignore[arg-type]

    assert "shop: resync required" in health(figures)[1]
