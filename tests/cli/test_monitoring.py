"""`mmsconsole metrics`, `health`, `top`, `member`: what people and scripts get, and refusals."""

from datetime import datetime, timedelta

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.members import Operation
from mmsconsole.metadata.samples import Grain, Sample
from tests.cli.terminal import Terminal
from tests.operations.members import state
from tests.operations.records import SteppingClock


@pytest.fixture
def now(wall_clock: SteppingClock) -> datetime:
    return wall_clock.now()


@pytest.fixture
def seen(metadata: Metadata, shop: str, now: datetime) -> str:
    """Three members, and a series of two of them with a gap; the name of the deployment."""
    of = metadata.deployments.named(shop).id
    running = Operation("77", "command", "a.b", 42.6, "", "", "COLLSCAN", False, "find b")
    for number, role in ((1, "PRIMARY"), (2, "SECONDARY"), (3, "SECONDARY")):
        made = state(number, role, deployment=of, id=f"{of}/db{number}:27017", asked_at=now,
                     seen_at=now, values={"connections_current": float(number)},
                     operations=(running,) if number == 1 else ())  # fmt: skip
        metadata.members.report([made])
    metadata.samples.put(Grain.FINE, [
        Sample(of, f"db{number}:27017", now - timedelta(seconds=10 * back),
               {"connections_current": 5.0 * number})
        for number in (1, 2) for back in (1, 2, 3, 30, 31)
    ])  # fmt: skip
    return shop


def test_the_newest_values_stand_in_a_column_for_each_member(terminal: Terminal, seen: str) -> None:
    lines = terminal.run("metrics", seen).out.splitlines()
    assert lines[0].split() == ["CHART", "METRIC", "db1:27017", "db2:27017", "db3:27017"]
    assert lines[1].split()[-4:] == ["connections_current", "1", "2", "3"]
    (row,) = terminal.run("metrics", seen, "--member", "db2", "--json").value
    assert row["metric"]["name"] == "connections_current"
    assert row["values"] == {"db2:27017": 2.0}
    assert "connections_current,db1:27017,count,1.0\n" in terminal.run("metrics", seen, "--csv").out


def test_a_series_is_listed_in_a_pipe_and_drawn_in_a_terminal(
    terminal: Terminal, seen: str
) -> None:
    arguments = ("metrics", seen, "--metric", "connections_current", "--points", "400")
    found = terminal.run(*arguments, "--json").value
    assert [(one["member"], one["grain"]) for one in found] == [
        ("db1:27017", "10s"), ("db2:27017", "10s"), ("db3:27017", "10s"),
    ]  # fmt: skip
    assert [point["value"] for point in found[0]["points"]] == [5.0, 5.0, None, 5.0, 5.0, 5.0]
    listed = terminal.run(*arguments).out.splitlines()
    assert listed[0].split() == ["TIME", "METRIC", "MEMBER", "VALUE", "LOW", "HIGH"]
    assert len(listed) == 1 + 2 * 5
    drawn = terminal.run(*arguments, tty=True).out
    assert "db2:27017" in drawn
    assert "10 to 10, last 10" in drawn
    assert "nothing is known" in drawn  # of db3
    csv = terminal.run(*arguments, "--csv", tty=True).out
    assert csv.startswith("time,metric,member,part,unit,value,low,high\n")
    assert csv.count("\n") == 11


def test_where_a_stretch_begins_is_said_as_people_write_it(terminal: Terminal, seen: str) -> None:
    def count(*more: str) -> int:
        arguments = ("metrics", seen, "--metric", "connections_current", "--member", "db1")
        return len(terminal.run(*arguments, *more, "--json").value[0]["points"])

    assert count("--since", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("metrics",), ("metrics", "shop", "--list"), ("metrics", "shop", "--since", "2h"),
        ("metrics", "shop", "--metric", "conections"), ("metrics", "shop", "--csv", "--json"),
        ("metrics", "shop", "--metric", "connections_current", "--since", "yesterday"),
        ("metrics", "shop", "--metric", "connections_current", "--since", "2026-01-02", "--until",
         "2026-01-01"),
        ("metrics", "shop", "--metric", "connections_current", "--points", "1"),
        ("metrics", "shop", "--member", "db"), ("metrics", "--list", "--csv"),
        ("top", "shop", "--watch", "5", "--json"), ("top", "shop", "--watch", "0"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_is_refused(terminal: Terminal, seen: str, arguments: tuple[str, ...]) -> None:
    assert terminal.run(*arguments).code == 2


def test_an_unknown_metric_is_answered_with_those_that_are_near(
    terminal: Terminal, seen: str
) -> None:
    refused = terminal.run("metrics", seen, "--metric", "conections_current", "--json")
    assert "connections_current" in refused.value["error"]["hint"]


def test_the_catalogue_needs_no_deployment_and_no_engine(no_engine: Terminal) -> None:
    found = no_engine.run("metrics", "--list", "--json").value
    assert {"name", "title", "unit", "kind", "scope", "chart"} == set(found[0])
    assert "replication_lag" in no_engine.run("metrics", "--list").out


def test_health_ends_with_1_where_something_is_wrong(
    terminal: Terminal, seen: str, metadata: Metadata, now: datetime
) -> None:
    well = terminal.run("health", seen)
    assert well.code == 0
    assert "well, 3 members" in well.out
    of = metadata.deployments.named(seen).id
    metadata.members.set(f"{of}/db2:27017", error="connection refused", since=now)
    broken = terminal.run("health", seen)
    assert broken.code == 1
    assert "db2:27017 does not answer" in broken.out
    answered = terminal.run("health", seen, "--json")
    assert (answered.code, answered.value["warnings"][0]["kind"]) == (1, "unreachable")


def test_where_nothing_is_known_yet_that_is_said_and_is_not_well(
    terminal: Terminal, shop: str
) -> None:
    why = "the engine does not run, so nothing is asked: mmsconsole engine"
    for arguments in (("health", shop), ("member", "list", shop), ("metrics", shop), ("top", shop)):
        assert why in terminal.run(*arguments).out, arguments
    series = terminal.run("metrics", shop, "--metric", "uptime")
    assert (series.code, why in series.out) == (0, True)
    assert terminal.run("health", shop).code == 1
    assert terminal.run("member", "list", shop, "--json").value == []


def test_a_member_is_shown_by_how_its_name_begins(terminal: Terminal, seen: str) -> None:
    assert terminal.run("member", "show", seen, "db3", "--json").value["host"] == "db3:27017"
    assert "db3:27017" in terminal.run("member", "show", seen, "db3").out
    missing = terminal.run("member", "show", seen, "db4", "--json")
    assert "db1:27017" in missing.value["error"]["hint"]
    listed = terminal.run("member", "list", seen, "--json").value
    assert [one["host"] for one in listed] == ["db1:27017", "db2:27017", "db3:27017"]


def test_top_shows_what_runs_once_or_again_and_again(terminal: Terminal, seen: str) -> None:
    assert "42.6s" in terminal.run("top", seen).out

    def leave() -> None:
        raise KeyboardInterrupt

    watched = terminal.run("top", seen, "--watch", "5", meanwhile=(int, int, leave))
    assert watched.out.count("42.6s") == 3
    assert watched.code == 0
    again = terminal.run("top", seen, "--watch", "5", tty=True, meanwhile=(int, leave))
    assert again.out.count("\x1b[H\x1b[2J") == 2
