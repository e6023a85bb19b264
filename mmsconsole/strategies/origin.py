"""Where the agent reads a deployment: its URI, the preferred member, and the pinned set id."""

from mmsconsole.agent.reader import Origin
from mmsconsole.metadata.deployments import Deployment, ReadFrom
from mmsconsole.mongod.source_uri import parse_uri


def origin_of(deployment: Deployment, prefer: ReadFrom) -> Origin:
    return Origin(parse_uri(deployment.uri), prefer.value, deployment.set_id)
