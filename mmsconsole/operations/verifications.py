"""Verifications: asked for by people."""

from random import SystemRandom

from mmsconsole.errors import Refused
from mmsconsole.metadata.asking import ask_for_verification
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.in_use import check_stays
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations import jobs
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.views import JobView
from mmsconsole.verification.choosing import choose_moment


def verify_snapshot(desk: Desk, id_: str) -> JobView:
    """A second time changes nothing while the first one waits or runs."""
    snapshot = desk.metadata.snapshots.get(id_)
    if snapshot.state is not SnapshotState.COMPLETE:
        raise Refused(f"the snapshot is {snapshot.state}, not complete", where=id_)
    deployment = desk.metadata.deployments.get(snapshot.deployment)
    found = _ask(desk, deployment, id_, f"snapshot {id_} is to be verified")
    check_stays(desk.metadata, id_)
    return found


def verify_moment(desk: Desk, name: str) -> JobView:
    """Of the window, at random; of those whose data the head told of when it stood there."""
    deployment = desk.metadata.deployments.named(name)
    moment = choose_moment(desk.metadata, deployment.id, SystemRandom())
    if moment is None:
        raise Refused(
            "there is no moment yet that can be verified: it takes a snapshot, and one more",
            where=name, hint=f"take one: mmsconsole snapshot take {name}",
        )  # fmt: skip
    text = f"the moment {moment.witness.optime} is to be verified, from snapshot {moment.base.id}"
    return _ask(desk, deployment, moment.witness.id, text)


def _ask(desk: Desk, deployment: Deployment, subject: str, text: str) -> JobView:
    for job in desk.metadata.jobs.open(deployment.id, JobKind.VERIFICATION):
        if job.subject == subject:
            return jobs.show(desk, job.id)
    now, asker = desk.clock.now(), desk.actor.name
    job = ask_for_verification(desk.metadata, deployment.id, subject, now, asker)
    desk.event("verification asked for", text, deployment)
    return jobs.show(desk, job.id)
