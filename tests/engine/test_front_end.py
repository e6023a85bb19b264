"""What the front end of an engine tells of its backups."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.engine.front_end import alerts_wrong, figures_of
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.operations.monitoring_shapes import agent_view
from mmsconsole.operations.monitoring_views import AgentView, MemberView
from mmsconsole.operations.views import WarningView, Window
from mmsconsole.optime import Optime
from mmsconsole.service.figures import health, metrics
from tests.cli.views import VIEWS
from tests.operations.members import FRESH, NOW, member
from tests.support.exposition import read


class FakeOperations:
    seen: tuple[MemberView, ...] = ()

    def __init__(self, **changes: object) -> None:
        self._status = replace(VIEWS["backup"], **changes)

    def deployments(self) -> list[object]:
        return [VIEWS["deployment"]]

    def backup_status(self, name: str) -> object:
        return self._status

    def members(self, name: str) -> list[object]:
        return list(self.seen)

    def agents(self) -> list[AgentView]:
        return [agent_view(Agent("embedded e1", "e1", NOW, 2, dropped=3), FRESH)]


def test_a_backup_is_told_by_its_newest_window_and_snapshots() -> None:
    windows = (Window(Optime(5, 1), Optime(9, 1)), Window(Optime(20, 1), Optime(30, 7)))
    figures = figures_of(FakeOperations(windows=windows, warnings=()), NOW)  # type: ignore[arg-type]

    (shop,) = figures.deployments
    assert (shop.window_start, shop.window_end) == (20.0, 30.0)
    assert shop.last_snapshot == VIEWS["backup"].last_snapshot.created_at
    assert "mmsconsole_window_end_timestamp_seconds" in metrics(figures)
    assert health(figures) == (True, '{"ok": true}\n')


def test_of_a_warning_only_its_kind_is_told_because_its_text_names_hosts() -> None:
    warning = WarningView("oplog", "critical", "db1.example:27017 is behind")
    figures = figures_of(FakeOperations(warnings=(warning,)), NOW)  # type: ignore[arg-type]

    well, text = health(figures)

    assert not well
    assert "shop: oplog critical" in text
    assert "db1.example" not in text + metrics(figures)


def test_a_backup_that_needs_a_resync_is_not_well() -> None:
    figures = figures_of(FakeOperations(state="resync required", warnings=()), NOW)  # type: ignore[arg-type]

    assert "shop: resync required" in health(figures)[1]


def test_members_are_told_with_their_values_and_without_those_that_are_old() -> None:
    operations = FakeOperations(warnings=())
    old = NOW - timedelta(minutes=10)
    operations.seen = (
        member(1, "PRIMARY", values={"connections_current": 7.0}),
        member(2, values={"connections_current": 8.0}, error="refused", seen_at=old),
        member(3, values={"connections_current": 9.0}, asked_at=old, seen_at=old),
    )
    found = read(metrics(figures_of(operations, NOW)))  # type: ignore[arg-type]

    def told(name: str) -> dict[str, float]:
        samples = found[f"mmsconsole_member_{name}"].samples
        return {dict(labels)["member"]: value for labels, value in samples.items()}

    assert told("up") == {"db1:27017": 1.0, "db2:27017": 0.0}
    assert told("connections_current") == {"db1:27017": 7.0}
    assert told("seen_age_seconds") == {
        "db1:27017": 5.0, "db2:27017": 600.0, "db3:27017": 600.0,
    }  # fmt: skip
    assert told("primary") == {"db1:27017": 1.0, "db2:27017": 0.0}
    assert "refused" not in metrics(figures_of(operations, NOW))  # type: ignore[arg-type]
    dropped = found["mmsconsole_monitoring_agent_samples_dropped_total"].samples
    assert dropped == {(("agent", "embedded e1"),): 3.0}


ENGINE = EngineRecord("e1", "here", "/home", "1", NOW, NOW)


@pytest.mark.parametrize(
    ("engine", "wrong"),
    [
        (None, ()),
        (ENGINE, ()),
        (replace(ENGINE, alerts_at=NOW - timedelta(seconds=100)), ()),
        (replace(ENGINE, alerts_at=NOW - timedelta(seconds=130)), ("alerts are not judged",)),
        (replace(ENGINE, alerts_at=NOW, alerts_error="a host"), ("alerts are not judged",)),
        (replace(ENGINE, alerts_error="a host"), ("alerts are not judged",)),
    ],
)
def test_alerts_that_nobody_judges_are_no_health(
    engine: EngineRecord | None, wrong: tuple[str, ...]
) -> None:
    assert alerts_wrong(engine, NOW, timedelta(seconds=120)) == wrong
