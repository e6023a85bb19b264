"""What the rules of a new group find of members, as the door of monitoring finds it."""

from collections.abc import Sequence
from datetime import datetime

from mmsconsole.alerts.defaults import default_rules
from mmsconsole.alerts.facts import DeploymentFacts, Facts
from mmsconsole.alerts.member_judging import Trouble, troubles
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.members import MemberState
from mmsconsole.secret import Secret


def judged(states: Sequence[MemberState], now: datetime) -> tuple[Trouble, ...]:
    deployment = Deployment("d1", "shop", Secret("mongodb://db1"), "rs0", "1", "6.0.5", "6.0", now)
    facts = Facts("default", now, (DeploymentFacts(deployment, members=tuple(states)),))
    return tuple(troubles(facts, default_rules("default", now), ()))
