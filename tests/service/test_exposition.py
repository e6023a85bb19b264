"""/metrics is what Prometheus reads, whatever names and values come from outside."""

import math

import pytest

from mmsconsole.monitoring.metrics import METRICS, Scope
from mmsconsole.service.exposition import LABEL_CHARS, gauge, labels
from mmsconsole.service.figures import DeploymentFigures, Figures, metrics
from mmsconsole.service.member_figures import MEMBERS_MAX, AgentFigures, MemberFigures
from tests.support.exposition import NotPrometheusError, read

VALUES = {one.name: 1.5 for one in METRICS if one.scope in (Scope.MEMBER, Scope.HOST)}
ONE = MemberFigures("shop", "db1:27017", True, 3.25, True, VALUES)
AGENT = AgentFigures("embedded e1", 2.0, 3, 0.5, 7, 4)


def figures(*members: MemberFigures) -> Figures:
    return Figures("1", (DeploymentFigures("shop", "started"),), members=members, agents=(AGENT,))


def labelled(member: str = "db1:27017") -> tuple[tuple[str, str], ...]:
    return (("deployment", "shop"), ("member", member))


def test_every_metric_of_a_member_is_told_with_its_help_and_type() -> None:
    found = read(metrics(figures(ONE)))
    for name in VALUES:
        family = found[f"mmsconsole_member_{name}"]
        assert family.samples == {labelled(): 1.5}
        assert family.help
        assert family.kind == "gauge"
    assert found["mmsconsole_member_up"].samples == {labelled(): 1.0}
    assert found["mmsconsole_member_primary"].samples == {labelled(): 1.0}
    assert found["mmsconsole_member_seen_age_seconds"].samples == {labelled(): 3.25}


def test_the_agent_tells_what_it_costs_and_what_it_lost() -> None:
    found = read(metrics(figures()))
    dropped = found["mmsconsole_monitoring_agent_samples_dropped_total"]
    assert (dropped.kind, dropped.samples) == ("counter", {(("agent", "embedded e1"),): 4.0})
    assert found["mmsconsole_monitoring_agent_cpu_percent"].samples == {
        (("agent", "embedded e1"),): 0.5
    }


def test_of_a_member_that_nobody_asks_only_its_age_is_told() -> None:
    found = read(metrics(figures(MemberFigures("shop", "db1:27017", seen_age_seconds=900.0))))
    told = [name for name in found if name.startswith("mmsconsole_member_")]
    assert told == ["mmsconsole_member_seen_age_seconds"]


def test_a_member_that_does_not_answer_is_0_and_has_no_values() -> None:
    down = MemberFigures("shop", "db2:27017", False, None, False)
    found = read(metrics(figures(ONE, down)))
    assert found["mmsconsole_member_up"].samples[labelled("db2:27017")] == 0.0
    assert labelled("db2:27017") not in found["mmsconsole_member_connections_current"].samples


@pytest.mark.parametrize(
    "evil",
    ['a"} 1\nfake{x="y', "back\\slash\\", "line\nbreak", "\x1b[2J", "comma,=}{", "é\u202e", "a\rb"],
)
def test_what_comes_from_outside_is_a_label_and_nothing_else(evil: str) -> None:
    hostile = MemberFigures(evil, evil, True, 1.0, False, VALUES)
    found = read(metrics(figures(hostile)))
    assert found["mmsconsole_member_up"].samples == {(("deployment", evil), ("member", evil)): 1.0}
    assert "fake" not in found


def test_what_is_no_number_is_left_out() -> None:
    odd = {"connections_current": math.nan, "queue_total": math.inf, "active_clients": 3.0}
    found = read(metrics(figures(MemberFigures("shop", "db1:27017", True, 1.0, True, odd))))
    assert "mmsconsole_member_connections_current" not in found
    assert "mmsconsole_member_queue_total" not in found
    assert found["mmsconsole_member_active_clients"].samples == {labelled(): 3.0}


def test_a_value_that_no_catalogue_knows_is_not_told() -> None:
    odd = {"x y": 1.0, "password": 2.0, "connections_current__max": 3.0}
    text = metrics(figures(MemberFigures("shop", "db1:27017", True, 1.0, True, odd)))
    assert "x y" not in text
    assert "password" not in text
    assert "__max" not in text


def test_two_members_of_one_name_do_not_spoil_the_whole() -> None:
    long = "h" * (LABEL_CHARS + 1)
    read(metrics(figures(ONE, ONE)))
    found = read(metrics(figures(MemberFigures("shop", long + "a", True),
                                 MemberFigures("shop", long + "b", False))))  # fmt: skip
    assert found["mmsconsole_member_up"].samples == {labelled(long[:LABEL_CHARS]): 1.0}


def test_the_answer_ends_however_many_members_there_are() -> None:
    many = [MemberFigures("shop", f"db{place}:1", True) for place in range(MEMBERS_MAX + 5)]
    found = read(metrics(figures(*many)))
    assert len(found["mmsconsole_member_up"].samples) == MEMBERS_MAX
    assert found["mmsconsole_members_left_out"].samples == {(): 5.0}


def test_a_family_without_a_value_is_not_there() -> None:
    assert gauge("a", "A.", [(labels(b="c"), None)]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "a 1", "# HELP a A.\na 1\n", "# HELP a A.\n# TYPE a gauge\n",
        "# HELP a A.\n# TYPE a gauge\na 1\na 1\n", "# HELP a A.\n# TYPE a counter\na 1\n",
        '# HELP a A.\n# TYPE a gauge\na{b="c} 1\n', '# HELP a A.\n# TYPE a gauge\na{b="\\x"} 1\n',
        "# TYPE a gauge\na 1\n", "# HELP a A.\n# TYPE a gauge\na 1\nb 1\n",
    ],
)  # fmt: skip
def test_the_reader_of_these_tests_takes_nothing_that_is_wrong(wrong: str) -> None:
    with pytest.raises(NotPrometheusError):
        read(wrong)
