"""What /health and /metrics say."""

import json
import re
from datetime import UTC, datetime

from mmsconsole.service.figures import DeploymentFigures, Figures, health, metrics

AT = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)
SHOP = DeploymentFigures(
    "shop", "started", (), AT, AT, AT.timestamp() - 60.5, AT.timestamp(), 1.5
)  # fmt: skip
LINE = re.compile(
    r'# (HELP [a-z_]+ .+|TYPE [a-z_]+ gauge)|[a-z_]+\{[a-z]+="([^"\\\n]|\\[\\n"])*"\} [0-9.e+-]+'
)


def test_all_is_well() -> None:
    assert health(Figures("1", (SHOP,))) == (True, '{"ok": true}\n')


def test_what_is_wrong_is_listed_by_deployment() -> None:
    figures = Figures("1", (DeploymentFigures("shop", "started", ("lag critical",)),), ("disk",))

    well, text = health(figures)

    assert not well
    assert json.loads(text) == {"ok": False, "wrong": ["disk", "shop: lag critical"]}


def test_every_figure_is_a_gauge_with_the_name_of_its_deployment() -> None:
    said = metrics(Figures("0.1.0", (SHOP,)))

    assert 'mmsconsole_up{version="0.1.0"} 1\n' in said
    assert f'last_snapshot_timestamp_seconds{{deployment="shop"}} {AT.timestamp()}' in said
    assert 'mmsconsole_lag_seconds{deployment="shop"} 1.5' in said
    assert 'mmsconsole_backup_started{deployment="shop"} 1.0' in said
    assert f'window_start_timestamp_seconds{{deployment="shop"}} {AT.timestamp() - 60.5}' in said


def test_what_is_not_known_is_not_told() -> None:
    said = metrics(Figures("1", (DeploymentFigures("shop", "inactive"),)))

    assert "lag" not in said
    assert "window" not in said
    assert 'mmsconsole_problems{deployment="shop"} 0.0' in said


def test_alerts_are_counted_by_severity_with_the_time_of_the_last_look() -> None:
    said = metrics(Figures("1", alerts_open={"error": 2}, alerts_judged=AT))

    assert 'mmsconsole_alerts_open{severity="error"} 2.0\n' in said
    assert 'mmsconsole_alerts_open{severity="warning"} 0.0\n' in said
    assert f"mmsconsole_alerts_judged_timestamp_seconds {AT.timestamp()}\n" in said
    assert "alerts" not in metrics(Figures("1"))


def test_hostile_names_stay_inside_their_label() -> None:
    hostile = 'a"} 1\nmmsconsole_up 0\\'
    said = metrics(Figures("1", (DeploymentFigures(hostile, "started"), SHOP)))

    assert all(LINE.fullmatch(line) for line in said.splitlines())
    assert r'deployment="a\"} 1\nmmsconsole_up 0\\"' in said
