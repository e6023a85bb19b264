from typing import Any

import pytest

from mmsconsole.monitoring.hardware import Hardware, hardware_rates, read_hardware
from tests.monitoring.documents.hosts import cpu, disk, mount, system_metrics

SECONDS = 10.0


def rates(before: dict[str, Any], now: dict[str, Any]) -> dict[str, float]:
    return hardware_rates(read_hardware(before, ""), read_hardware(now, ""), SECONDS)


def gauges(folder: str = "", **parts: Any) -> dict[str, float]:
    return read_hardware(system_metrics(**parts), folder).gauges


def test_the_time_of_the_processors_is_parted() -> None:
    before = {"cpu": cpu()}
    now = {"cpu": cpu(user_ms=200, nice_ms=100, system_ms=50, softirq_ms=25, irq_ms=25,
        idle_ms=400, iowait_ms=150, steal_ms=50)}  # fmt: skip

    assert rates(before, now) == pytest.approx({
        "host_cpu_percent": 45.0, "host_cpu_user_percent": 30.0, "host_cpu_system_percent": 10.0,
        "host_cpu_iowait_percent": 15.0, "host_cpu_steal_percent": 5.0,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(cpu(idle_ms=900), cpu(idle_ms=10, user_ms=10), id="the host was restarted"),
        pytest.param(cpu(idle_ms=900), cpu(idle_ms=900), id="no time went by"),
        pytest.param({}, cpu(idle_ms=900), id="nothing was known"),
        pytest.param({"user_ms": 3}, {"user_ms": 9}, id="idle is not told: of what is it a part"),
    ],
)
def test_processors_that_tell_nothing(before: dict[str, Any], now: dict[str, Any]) -> None:
    assert rates({"cpu": before}, {"cpu": now}) == {}


def test_an_iowait_that_falls_by_a_little_is_none() -> None:
    values = rates({"cpu": cpu(iowait_ms=500)}, {"cpu": cpu(iowait_ms=490, idle_ms=100)})

    assert values["host_cpu_iowait_percent"] == 0.0


def test_disks_are_added_up_and_the_busiest_one_is_told() -> None:
    before = {"disks": {"sda": disk(), "sdb": disk()}}
    now = {"disks": {
        "sda": disk(reads=10, read_time_ms=50, read_sectors=20, io_time_ms=2500),
        "sdb": disk(reads=30, read_time_ms=30, writes=20, write_time_ms=40, write_sectors=40,
            io_time_ms=9000),
    }}  # fmt: skip

    assert rates(before, now) == pytest.approx({
        "host_disk_busy_percent": 90.0, "host_disk_read_iops": 4.0, "host_disk_write_iops": 2.0,
        "host_disk_read": 1024.0, "host_disk_written": 2048.0, "host_disk_read_latency_ms": 2.0,
        "host_disk_write_latency_ms": 2.0,
    })  # fmt: skip


def test_disks_that_did_nothing_have_no_latency() -> None:
    values = rates({"disks": {"sda": disk()}}, {"disks": {"sda": disk()}})

    assert values["host_disk_read_iops"] == 0.0
    assert not [name for name in values if "latency" in name]


def test_a_disk_that_was_added_does_not_bring_the_counters_of_its_life() -> None:
    now = {"disks": {"sda": disk(reads=10), "sdb": disk(reads=10**9)}}

    assert rates({"disks": {"sda": disk()}}, now)["host_disk_read_iops"] == 1.0


def test_a_disk_whose_counters_fell_is_left_out() -> None:
    before = {"disks": {"sda": disk(), "sdb": disk(reads=50)}}
    now = {"disks": {"sda": disk(reads=10), "sdb": disk(reads=20)}}

    assert rates(before, now)["host_disk_read_iops"] == 1.0


def test_a_disk_can_not_be_busier_than_all_the_time() -> None:
    now = {"disks": {"sda": disk(io_time_ms=99_000)}}

    assert rates({"disks": {"sda": disk()}}, now)["host_disk_busy_percent"] == 100.0


@pytest.mark.parametrize(
    ("mounts", "folder", "expected"),
    [
        pytest.param({"/": mount(100, 60, 60), "/data": mount(100, 20, 20)}, "/data/db", 80.0,
            id="the file system with the data"),
        pytest.param({"/": mount(100, 60, 60), "/data": mount(100, 20, 20)}, "/database", 40.0,
            id="not one whose name only begins the same"),
        pytest.param({"/": mount(100, 60, 60), "/data": mount(100, 20, 20)}, "/data", 80.0,
            id="the folder is the mount itself, below its own root"),
        pytest.param({"/": mount(100, 60, 60), "/srv": mount(100, 20, 20)}, "", 80.0,
            id="nobody knows where the data is: the fullest"),
        pytest.param({"/": mount(100, 60, 60), "/run/x": mount(100, 0, 0), "/dev": mount(9, 0, 0)},
            "", 40.0, id="but none that is no disk"),
        pytest.param({"/": mount(100, 45, 50)}, "/db", 50 / 95 * 100,
            id="what is kept for root does not count, as in df"),
        pytest.param({"/": mount(100, 0, 0)}, "/db", 100.0, id="full"),
        pytest.param({"/": mount(0, 0, 0)}, "/db", 0.0, id="one without any room"),
    ],
)  # fmt: skip
def test_how_full_the_disk_is(mounts: dict[str, Any], folder: str, expected: float) -> None:
    assert gauges(folder, mounts=mounts)["host_disk_used_percent"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "mounts", [{}, None, 3, {"/": None}, {"/": {"capacity": 9}}, {"/": mount(1, 9, 9)}]
)
def test_no_mounts_as_in_4_4_or_nonsense_is_no_value(mounts: object) -> None:
    assert "host_disk_used_percent" not in gauges(mounts=mounts)


def test_memory_and_swap() -> None:
    values = gauges()

    assert values["host_memory_available"] == 400 * 1024
    assert values["host_memory_percent"] == 60.0
    assert values["host_swap_used"] == 75 * 1024
    assert values["host_swap_percent"] == 75.0


def test_an_old_kernel_does_not_tell_what_is_available() -> None:
    memory = {"MemTotal_kb": 1000, "MemFree_kb": 200, "Buffers_kb": 50, "Cached_kb": 100}

    assert gauges(memory=memory)["host_memory_available"] == 350 * 1024


def test_a_host_without_swap_uses_none_of_it() -> None:
    values = gauges(memory={"SwapTotal_kb": 0, "SwapFree_kb": 0})

    assert (values["host_swap_used"], values["host_swap_percent"]) == (0.0, 0.0)


@pytest.mark.parametrize("section", ["cpu", "memory", "disks", "mounts"])
@pytest.mark.parametrize("nonsense", [None, 3, "x", [1], {"sda": 3}, {"sda": {"reads": "x"}}])
def test_a_section_of_nonsense_leaves_the_rest_alone(section: str, nonsense: object) -> None:
    found = read_hardware({**system_metrics(5), section: nonsense}, "")

    assert found.cpu or section == "cpu"
    assert found.disks or section == "disks"


def test_where_the_server_offers_nothing_there_is_nothing() -> None:
    assert read_hardware({}, "/data") == Hardware()
    assert hardware_rates(Hardware(), Hardware(), SECONDS) == {}
