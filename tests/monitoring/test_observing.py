from typing import Any

from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.observing import Observed, observe
from tests.monitoring.documents.polls import HOST, answers

INTERVAL = 10.0


def following(*polls: Answers) -> Observed:
    observed: Observed | None = None
    for each in polls:
        observed = observe(observed, each, INTERVAL)
    assert observed is not None
    return observed


def top(counter: int) -> dict[str, Any]:
    used = {"time": counter * 1000, "count": counter}
    return {"note": "all times in microseconds", "shop.a": {"readLock": used, "writeLock": used}}


def test_the_first_poll_has_gauges_and_the_second_one_rates_too() -> None:
    first = following(answers())
    second = following(answers(), answers(seconds=10, counter=1100))

    assert "opcounters_insert" not in first.values
    assert first.values["replication_lag"] == 5.0
    assert second.values["opcounters_insert"] == 10.0
    assert second.values["host_disk_read_iops"] == 10.0


def test_a_restart_in_between_is_counted_and_gives_no_rates() -> None:
    status = {**answers().server_status, "uptime": 4.0, "uptimeMillis": 4000, "pid": 99}
    found = following(answers(), answers(seconds=10, server_status=status))

    assert found.values["restarts"] == 1.0
    assert "opcounters_insert" not in found.values
    assert "host_disk_read_iops" not in found.values


def test_a_poll_without_a_server_status_breaks_only_the_rates_of_its_time() -> None:
    silent = answers(seconds=10, server_status={})
    found = following(answers(), silent, answers(seconds=20, counter=1100))

    assert "opcounters_insert" not in found.values
    assert found.values["queue_total"] == 5.0
    later = observe(found, answers(seconds=30, counter=1200), INTERVAL)
    assert later.values["opcounters_insert"] == 10.0


def test_what_was_hot_stays_until_top_is_asked_again() -> None:
    polls = answers(top=top(0)), answers(seconds=30, top=top(300)), answers(seconds=40)
    found = following(*polls)

    assert [each.reads for each in found.hot] == [10.0]
    again = observe(found, answers(seconds=60, top=top(330)), INTERVAL)
    assert [each.reads for each in again.hot] == [1.0]


def test_sizes_are_by_database_and_by_namespace_and_only_those_that_were_asked() -> None:
    found = following(
        answers(
            databases={"shop": {"objects": 3}, "none": {}}, collections={"shop.a": {"count": 2}}
        )
    )

    assert found.sizes == {"shop": {"db_objects": 3.0}, "shop.a": {"collection_objects": 2.0}}
    assert observe(found, answers(seconds=10), INTERVAL).sizes == {}


def test_it_tells_of_the_set_and_of_what_runs() -> None:
    running = {"op": "query", "ns": "shop.a", "secs_running": 7, "command": {"find": "a"}}
    found = following(answers(operations=(running,)))

    assert found.set_status.own is not None
    assert found.set_status.own.host == HOST
    assert [each.text for each in found.operations] == ["find a"]


def test_another_process_is_a_restart_whatever_uptime_it_tells() -> None:
    status = {**answers(seconds=10, counter=1100).server_status, "pid": 99}
    found = following(answers(), answers(seconds=10, server_status=status))

    assert "opcounters_insert" not in found.values
