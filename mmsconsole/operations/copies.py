"""Second copies: how far they are."""

from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.views import CopyView


def copy_view(desk: Desk, deployment: Deployment) -> CopyView | None:
    """None: the deployment has no second copy."""
    if not deployment.copy_to:
        return None
    state = desk.metadata.copies.find(deployment.id)
    if state is None or state.store != deployment.copy_to:
        state = CopyState(deployment.id, deployment.copy_to)  # it has to begin
    return CopyView(
        deployment=deployment.name,
        store=state.store,
        oplog_end=state.oplog_end,
        behind_seconds=_behind(desk, state),
        level_at=state.level_at,
        error=state.error,
        since=state.since,
    )


def _behind(desk: Desk, state: CopyState) -> int | None:
    last = desk.metadata.chunks.last(state.id)
    if last is None or state.oplog_end is None:
        return None
    return max(0, last.end.t - state.oplog_end.t)
