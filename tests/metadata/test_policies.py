"""A policy is inherited key by key: deployment, group, settings."""

from dataclasses import replace

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.policies import group_policy_id
from mmsconsole.policy.policy import SnapshotPolicy
from tests.metadata.records import NOW, deployment

DEFAULTS = SnapshotPolicy(daily=15)
GROUP = group_policy_id("default")


def test_what_nobody_decides_is_as_the_settings_say(metadata: Metadata) -> None:
    assert metadata.policies.of(deployment(), DEFAULTS) == DEFAULTS
    assert metadata.policies.of_group("default", DEFAULTS) == DEFAULTS
    assert metadata.policies.keys("d1") == {}


def test_each_key_comes_from_who_is_nearest(metadata: Metadata) -> None:
    metadata.policies.change(GROUP, {"weekly": 8, "monthly": 1}, NOW, "ada")
    metadata.policies.change("d1", {"monthly": 2}, NOW, "ada")
    of_group = replace(DEFAULTS, weekly=8, monthly=1)
    assert metadata.policies.of_group("default", DEFAULTS) == of_group
    assert metadata.policies.of(deployment(), DEFAULTS) == replace(of_group, monthly=2)
    assert metadata.policies.of(deployment(id="d2"), DEFAULTS) == of_group


def test_a_key_is_inherited_again_and_the_others_stay(metadata: Metadata) -> None:
    metadata.policies.change("d1", {"monthly": 2, "weekly": 1}, NOW, "ada")
    metadata.policies.change("d1", {"monthly": None, "daily": 3}, NOW, "bob")
    record = metadata.policies.get("d1")
    assert record.keys == {"weekly": 1, "daily": 3}
    assert (record.changed_at, record.changed_by) == (NOW, "bob")


def test_inheriting_what_was_never_decided_changes_nothing(metadata: Metadata) -> None:
    metadata.policies.change("d1", {"daily": None}, NOW, "ada")
    assert metadata.policies.of(deployment(), DEFAULTS) == DEFAULTS


@pytest.mark.parametrize("first", [True, False])
def test_a_group_is_settled_once_and_not_over_what_people_have_decided(
    metadata: Metadata, first: bool
) -> None:
    if first:
        metadata.policies.change(GROUP, {"weekly": 8}, NOW, "ada")
    metadata.policies.settle("default", DEFAULTS)
    metadata.policies.settle("default", SnapshotPolicy(daily=0, base_days=1))
    kept = replace(DEFAULTS, weekly=8) if first else DEFAULTS
    assert metadata.policies.of_group("default", DEFAULTS) == kept
