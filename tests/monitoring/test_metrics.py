import re
from itertools import groupby

import pytest

from mmsconsole.errors import UsageError
from mmsconsole.monitoring.metrics import METRICS, Scope, metric
from mmsconsole.monitoring.observing import observe
from mmsconsole.monitoring.readings import read_collection, read_database
from tests.monitoring.documents.polls import answers
from tests.monitoring.documents.server_status import VERSIONS

PROMISED = (
    "opcounters_insert", "opcounters_query", "opcounters_update", "opcounters_delete",
    "opcounters_getmore", "opcounters_command",
    "connections_current", "connections_percent", "memory_resident", "cache_used_percent",
    "cache_dirty_percent", "tickets_read_available", "tickets_write_available", "queue_total",
    "queue_readers", "queue_writers", "active_clients", "network_in", "network_out",
    "network_requests", "page_faults", "asserts_regular", "documents_returned", "scan_and_order",
    "latency_read_ms", "latency_write_ms", "latency_command_ms", "replication_lag", "oplog_window",
    "oplog_headroom", "oplog_bytes_per_hour", "restarts", "host_cpu_percent",
    "host_memory_available", "host_swap_used", "host_network_in", "host_network_out",
    "db_data_bytes", "db_storage_bytes", "db_index_bytes", "db_objects", "db_collections",
    "poll_ms", "poll_cpu_ms", "poll_server_ms",
)  # fmt: skip
DATABASE = {
    "dataSize": 1, "storageSize": 2, "indexSize": 3, "objects": 4, "indexes": 5, "collections": 6,
    "fsUsedSize": 25.0, "fsTotalSize": 100.0,
}  # fmt: skip
COLLECTION = {
    "size": 1, "storageSize": 2, "totalIndexSize": 3, "count": 4, "nindexes": 5,
    "freeStorageSize": 6,
}  # fmt: skip


def of_scope(*scopes: Scope) -> set[str]:
    return {each.name for each in METRICS if each.scope in scopes}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_metric_of_a_member_and_its_host_gets_a_value_from_each_version(version: str) -> None:
    before = observe(None, answers(version), 10)
    now = observe(before, answers(version, seconds=10, counter=2000), 10)

    assert set(now.values) == of_scope(Scope.MEMBER, Scope.HOST)


def test_every_metric_of_a_database_and_of_a_collection_gets_a_value() -> None:
    assert set(read_database(DATABASE)) == of_scope(Scope.DATABASE)
    assert set(read_collection(COLLECTION)) == of_scope(Scope.COLLECTION)


def test_a_name_stands_for_one_metric_and_is_safe_everywhere() -> None:
    names = [each.name for each in METRICS]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) and "__" not in name for name in names)


def test_the_metrics_of_one_chart_have_one_unit() -> None:
    units: dict[str, set[str]] = {}
    for each in METRICS:
        units.setdefault(each.chart, set()).add(each.unit)

    assert {chart: found for chart, found in units.items() if len(found) > 1} == {}


def test_titles_differ_within_a_chart_and_each_metric_says_what_it_is() -> None:
    titles = [(each.chart, each.title) for each in METRICS]

    assert len(set(titles)) == len(titles)
    assert all(each.about and not each.about.endswith(".") for each in METRICS)


@pytest.mark.parametrize("name", PROMISED)
def test_metrics_that_others_count_on_are_there(name: str) -> None:
    assert metric(name).name == name


def test_a_wrong_name_is_answered_with_those_that_are_near() -> None:
    with pytest.raises(UsageError) as caught:
        metric("oplog_windw")

    assert "oplog_window" in caught.value.hint


def test_a_name_like_no_other_is_answered_with_where_they_are_listed() -> None:
    with pytest.raises(UsageError) as caught:
        metric("zzzzzzzz")

    assert caught.value.hint == "see: mmsconsole metrics --list"


def test_the_metrics_of_one_chart_stand_together() -> None:
    charts = [each.chart for each in METRICS]

    assert [chart for chart, _ in groupby(charts)] == list(dict.fromkeys(charts))
