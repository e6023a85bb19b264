"""A replica set that keeps its primary, for tests that are about something else."""

from mmsconsole.demo.replica_set import LocalReplicaSet

STANDSTILL_SECONDS = 300
"""So long a member may stand still."""


def keep_primary(source: LocalReplicaSet) -> LocalReplicaSet:
    """From now on nobody is called dead, and nobody stands for election, because the machine
    was busy for a while: our sets would else do so within two seconds.
    """
    with source.client() as client:
        config = client.admin.command("replSetGetConfig")["config"]
        config["version"] += 1
        config["settings"]["electionTimeoutMillis"] = STANDSTILL_SECONDS * 1000
        config["settings"]["heartbeatTimeoutSecs"] = STANDSTILL_SECONDS
        client.admin.command("replSetReconfig", config)
    return source
