import math
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64

from mmsconsole.monitoring.readings import read_answers, read_collection, read_database
from tests.monitoring.documents.polls import answers
from tests.monitoring.documents.server_status import VERSIONS, server_status

MIB = 1024 * 1024


def with_inserts(value: object) -> dict[str, float]:
    status = {**server_status("6.0"), "opcounters": {"insert": value}}
    return read_answers(answers(server_status=status)).values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5.0),
        (Int64(2**62), float(2**62)),
        (5.5, 5.5),
        (Decimal128("7.25"), 7.25),
        (1e19, None),
        (10**400, None),
        (-1, None),
        (Int64(-(2**63)), None),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (Decimal128("NaN"), None),
        (Decimal128("sNaN"), None),
        (Decimal128("Infinity"), None),
        (Decimal128("9E+6000"), None),
        ("5", None),
        (b"5", None),
        (None, None),
        ({"insert": 5}, None),
        ([5], None),
    ],
)
def test_a_counter_of_whatever_type_is_a_finite_number_or_not_there(
    value: object, expected: float | None
) -> None:
    assert with_inserts(value).get("opcounters_insert") == expected


@pytest.mark.parametrize("section", [None, 3, "x", [], [{"current": 3}], {}, {"current": {}}])
def test_a_section_that_is_missing_or_none_leaves_the_rest_alone(section: object) -> None:
    values = read_answers(answers(server_status={**server_status("6.0"), "connections": section}))

    assert "connections_current" not in values.values
    assert "connections_percent" not in values.values
    assert values.values["queue_total"] == 5.0


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tickets_read_available", 100.0),
        ("tickets_write_used", 28.0),
        ("memory_resident", 512 * MIB),
        ("memory_virtual", 2048 * MIB),
        ("cache_used_percent", 80.0),
        ("cache_dirty_percent", 5.0),
        ("connections_percent", 12.0),
        ("checkpoint_ms", 321.0),
        ("repl_buffer_bytes", 4096.0),
        ("repl_buffer_entries", 11.0),
        ("flow_control_lagged", 1.0),
        ("uptime", 86_400.0),
        ("oplog_window", 7200.0),
        ("replication_lag", 5.0),
        ("oplog_headroom", 7195.0),
        ("oplog_bytes_per_hour", 1_800_000.0),
        ("host_disk_used_percent", 90.0),
        ("poll_cpu_ms", 1.5),
    ],
)
def test_what_a_member_of_each_version_tells(version: str, name: str, expected: float) -> None:
    assert read_answers(answers(version)).values[name] == pytest.approx(expected)


def test_counters_are_in_the_units_that_their_rates_are_shown_in() -> None:
    reading = read_answers(answers(counter=1_000_000))

    assert reading.values["latency_read_ms"] / reading.over["latency_read_ms"] == 1.5
    assert reading.values["process_cpu_percent"] == 1_500_000_000 * 100 / 1e6
    assert reading.values["journal_sync_ms"] / reading.over["journal_sync_ms"] == 2.0


def test_a_poll_that_got_nothing_but_a_greeting_has_only_what_it_cost() -> None:
    bare = answers(
        server_status={}, set_status={}, oplog_first=None, oplog_last=None, oplog_stats={},
        system_metrics={}, options={},
    )  # fmt: skip

    assert set(read_answers(bare).values) == {"poll_ms", "poll_cpu_ms", "poll_server_ms"}


def test_a_ratio_without_what_it_is_divided_by_is_not_there() -> None:
    status = {**server_status("6.0"), "opLatencies": {"reads": {"latency": 5}}}

    assert "latency_read_ms" not in read_answers(answers(server_status=status)).values


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({"oplog_first": None}, "oplog_window"),
        ({"oplog_first": None}, "oplog_headroom"),
        ({"oplog_stats": {}}, "oplog_bytes_per_hour"),
        ({"set_status": {}}, "oplog_headroom"),
        ({"oplog_first": answers().oplog_last}, "oplog_bytes_per_hour"),  # over no time at all
    ],
)
def test_what_is_derived_needs_all_that_it_is_made_of(parts: dict[str, Any], missing: str) -> None:
    assert missing in read_answers(answers()).values
    assert missing not in read_answers(answers(**parts)).values


def test_an_oplog_that_is_shorter_than_the_lag_leaves_no_headroom() -> None:
    late = answers(oplog_first=answers().oplog_last)

    assert read_answers(late).values["oplog_headroom"] == 0.0


def test_the_file_system_of_a_database_that_tells_nonsense_is_not_there() -> None:
    for stats in ({"fsUsedSize": 5, "fsTotalSize": 0}, {"fsUsedSize": 9, "fsTotalSize": 5}, {}):
        assert "db_filesystem_percent" not in read_database(stats)


def test_sizes_of_other_types_are_numbers_too() -> None:
    assert read_database({"objects": Int64(4), "dataSize": 8.0}) == {
        "db_objects": 4.0, "db_data_bytes": 8.0,
    }  # fmt: skip
    assert read_collection({"count": "many", "size": Decimal128("3")}) == {
        "collection_data_bytes": 3.0
    }


def test_a_part_of_nothing_is_not_there() -> None:
    cache = {"bytes currently in the cache": 5, "maximum bytes configured": 0}
    status = {"wiredTiger": {"cache": cache}, "connections": {"current": 0, "available": 0}}
    values = read_answers(answers(server_status=status)).values

    assert "cache_used_percent" not in values
    assert "connections_percent" not in values
