"""Where the stored oplog begins: what lies before was given up, and goes piece by piece."""

from mmsconsole.errors import OutsideWindow
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime


def oplog_front(metadata: Metadata, deployment_id: str) -> Optime | None:
    """The stored oplog is whole behind this position, but for its gaps; None: nothing is stored.

    A chunk that ends at or before the deployment's `oplog_from` counts as deleted already.
    """
    deployment = metadata.deployments.find(deployment_id)
    given_up = None if deployment is None else deployment.oplog_from
    if given_up is None:
        first = metadata.chunks.first(deployment_id)
    else:
        first = next(metadata.chunks.after(deployment_id, given_up, limit=1), None)
    return None if first is None else first.start


def check_oplog_kept(metadata: Metadata, deployment_id: str, start: Optime) -> None:
    """For who has just written down that it needs the stored oplog behind `start`.

    Raises OutsideWindow.
    """
    front = oplog_front(metadata, deployment_id)
    if front is not None and start < front:
        raise OutsideWindow(
            f"the stored oplog from {start} on is not kept any more, it begins at {front} now",
            where=deployment_id,
        )
