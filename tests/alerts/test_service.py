"""The service: once per group, and never the end of the engine."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.alerts import service as service_module
from mmsconsole.alerts.service import AlertService, lease_name
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.settings import Settings
from mmsconsole.storage.storages import open_storages
from mmsconsole.stores.resources import Resources
from tests.alerts.world import EARLIER, deployment, member
from tests.support.backups import wait_until
from tests.support.clock import ManualClock
from tests.support.metadata import settings_of

Make = Callable[..., AlertService]
GROUP = lease_name("default")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


@pytest.fixture
def make(metadata: Metadata, settings: Settings, manual_clock: ManualClock) -> Iterator[Make]:
    """make(engine="e1"): a service of an engine that is known."""
    made: list[AlertService] = []
    storages = open_storages(settings)

    def make(engine: str = "e1") -> AlertService:
        resources = Resources(settings, metadata, storages, manual_clock, [])
        now = manual_clock.now()
        metadata.engines.announce(EngineRecord(engine, engine, "/home", "1", EARLIER, now))
        made.append(AlertService(resources, engine))
        return made[-1]

    yield make
    for one in made:
        one.stop(60)


@pytest.fixture
def down(metadata: Metadata, manual_clock: ManualClock) -> None:
    """A member that does not answer, and a rule that does not wait."""
    metadata.deployments.add(deployment(backup="inactive"))
    now = manual_clock.now()
    metadata.members.report([member(asked_at=now, error="refused", since=now)])


def at_once(metadata: Metadata) -> None:
    metadata.alert_rules.collection.update_many({}, {"$set": {"for_seconds": 0}})


def open_alerts(metadata: Metadata) -> list[tuple[str, str]]:
    return sorted((one.condition, one.subject) for one in metadata.alerts.listed())


def test_the_first_look_gives_a_group_its_rules_and_later_ones_judge(
    metadata: Metadata, make: Make, down: None
) -> None:
    service = make()
    service.tick()
    assert metadata.alert_rules.find("default||host down|") is not None
    at_once(metadata)
    service.tick()
    assert open_alerts(metadata) == [("host down", "db1:27017")]
    assert service.last_look is not None
    assert service.last_look.error == ""


def test_a_new_group_has_rules_from_its_first_look_on(metadata: Metadata, make: Make) -> None:
    service = make()
    service.tick()
    metadata.groups.collection.insert_one({"_id": "second", "name": "Second"})
    service.tick()
    assert metadata.alert_rules.find("second||host down|") is not None


def test_of_two_engines_one_judges(metadata: Metadata, make: Make, down: None) -> None:
    first, second = make("e1"), make("e2")
    first.tick()
    at_once(metadata)
    second.tick()
    assert open_alerts(metadata) == []
    assert second.last_look is not None
    assert second.last_look.error == ""  # another one does, and all is well
    first.tick()
    assert open_alerts(metadata) == [("host down", "db1:27017")]


def test_another_engine_goes_on_when_the_lease_has_run_out_and_repeats_nothing(
    metadata: Metadata, make: Make, down: None
) -> None:
    first, second = make("e1"), make("e2")
    first.tick()
    at_once(metadata)
    first.tick()
    (before,) = metadata.alerts.listed()
    metadata.leases.collection.update_one({"_id": GROUP}, {"$set": {"until": EARLIER}})
    second.tick()
    assert metadata.leases.get(GROUP).owner == "e2"
    (after,) = metadata.alerts.listed()
    assert replace(after, revision=0) == replace(before, revision=0)


def test_a_service_that_stops_gives_its_lease_back(metadata: Metadata, make: Make) -> None:
    service = make()
    service.start()
    wait_until(lambda: service.last_look)
    assert metadata.leases.get(GROUP).owner == "e1"
    service.stop(60)
    assert metadata.leases.get(GROUP).owner == ""


def test_a_metadata_database_that_is_away_is_survived_and_told_of(
    metadata: Metadata, make: Make, down: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make()
    service.tick()
    at_once(metadata)
    with monkeypatch.context() as patched:
        patched.setattr(service_module, "judge", away)
        service.tick()
        service.tick()
        assert service.last_look is not None
        assert service.last_look.error == "the metadata database does not answer"
        assert metadata.engines.get("e1").alerts_error == "the metadata database does not answer"
    service.tick()
    assert open_alerts(metadata) == [("host down", "db1:27017")]
    assert metadata.engines.get("e1").alerts_error == ""
    events = [one.kind for one in metadata.events.recent() if one.kind.startswith("alerts ")]
    assert sorted(events) == ["alerts go on", "alerts stopped"]


def away(*_: object) -> None:
    raise MetadataError("the metadata database does not answer")


def test_a_fault_of_ours_does_not_end_the_service(
    metadata: Metadata, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make()

    def faulty(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(service_module, "judge", faulty)
        service.tick()
    assert service.last_look is not None
    assert "ZeroDivisionError" in service.last_look.error
    assert "ZeroDivisionError" in metadata.engines.get("e1").alerts_error
    service.tick()
    assert service.last_look.error == ""


def test_one_group_that_can_not_be_judged_does_not_keep_the_others_waiting(
    metadata: Metadata, make: Make, down: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, real = make(), service_module.judge
    service.tick()
    at_once(metadata)
    metadata.groups.remove("default")
    metadata.groups.collection.insert_one({"_id": "broken", "name": "it is the first now"})
    metadata.groups.ensure_default()
    assert [one.id for one in metadata.groups.all()] == ["broken", "default"]

    def judge(metadata: Metadata, settings: Settings, group: str, *rest: object) -> object:
        if group != "default":
            raise MetadataError("a record can not be read")
        return real(metadata, settings, group, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(service_module, "judge", judge)
        service.tick()
    assert open_alerts(metadata) == [("host down", "db1:27017")]
    assert service.last_look is not None
    assert service.last_look.error == "a record can not be read"


def test_the_disks_of_heads_and_stores_are_written_down(
    metadata: Metadata, make: Make, settings: Settings
) -> None:
    service = make()
    service._write_spaces()
    spaces = metadata.engines.get("e1").spaces
    assert {(one.kind, one.name) for one in spaces} == {
        ("heads", str(settings.home.heads)), ("store", "default"),
    }  # fmt: skip
    assert all(0 < one.free_bytes <= one.total_bytes for one in spaces)
