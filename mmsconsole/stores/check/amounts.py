"""How many bytes a check has to look at, by the records: so that it can tell how far it is."""

from collections.abc import Iterable

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.pools import pool_id


def bytes_in(metadata: Metadata, store: str) -> int:
    """Of what belongs to the store, and of what copies in it should have; catalogues are not
    counted. What is put or deleted meanwhile changes it: it is an estimate.
    """
    own = list(metadata.deployments.all({"store": store}))
    copied = list(metadata.deployments.all({"copy_to": store}))
    pools = {pool.id for pool in metadata.pools.all({"store": store})}
    pools |= {pool_id(one.group, one.store) for one in copied}
    packs = {"pool": {"$in": sorted(pools)}, "dropped": {"$ne": True}}
    return (
        metadata.packs.sum_of("stored_bytes", packs)
        + _history(metadata, [*own, *copied])
        + _slices(metadata, own)
    )


def _history(metadata: Metadata, deployments: Iterable[Deployment]) -> int:
    of = {"deployment": {"$in": [one.id for one in deployments]}}
    manifests = {**of, "manifest_key": {"$nin": ["", None]}}
    return metadata.snapshots.sum_of("manifest_bytes", manifests) + metadata.chunks.sum_of(
        "stored_bytes", of
    )


def _slices(metadata: Metadata, deployments: Iterable[Deployment]) -> int:
    heads = [head.id for one in deployments for head in metadata.heads.of(one.id)]
    return metadata.slices.sum_of("stored_bytes", {"head": {"$in": heads}})
