"""What a source may be burdened with: the settings, and the record as it is now."""

from dataclasses import replace

from mmsconsole.agent.pressure import PressureLimits
from mmsconsole.agent.source_load import LoadLimits
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.load import load_limits
from tests.support.snapshots import deployment_record


def test_without_a_wish_a_copy_goes_as_fast_as_it_can_and_pauses_for_its_source(
    resources: Resources,
) -> None:
    deployment = deployment_record("d1")
    assert load_limits(resources, deployment) == LoadLimits(0, PressureLimits(20, 95, 95, 60))


def test_a_speed_that_is_changed_while_a_copy_runs_counts(resources: Resources) -> None:
    begun = resources.metadata.deployments.add(
        replace(deployment_record("d1"), sync_mb_per_second=2.5)
    )
    assert load_limits(resources, begun).bytes_per_second == 2_500_000
    resources.metadata.deployments.set("d1", sync_mb_per_second=40.0)
    assert load_limits(resources, begun).bytes_per_second == 40_000_000
