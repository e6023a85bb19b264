"""What a mark says in figures."""

from mmsconsole.metadata.store_stats import DeploymentFigures, PoolFigures
from mmsconsole.storage.base import Storage
from mmsconsole.stores.groom.marking import Mark, living_bytes, usages


def pool_figures(storage: Storage, mark: Mark) -> PoolFigures:
    packs = list(usages(storage, mark))
    return PoolFigures(
        packs=len(packs),
        stored_bytes=sum(pack.stored_bytes for pack in packs),
        living_bytes=sum(pack.living_bytes for pack in packs),
    )


def deployment_figures(storage: Storage, mark: Mark) -> tuple[DeploymentFigures, ...]:
    return tuple(
        DeploymentFigures(
            deployment=deployment,
            snapshots=len(snapshots),
            raw_bytes=sum(snapshot.bytes for snapshot in snapshots),
            living_bytes=sum(
                living_bytes(storage, mark.packs[pack], bits)
                for pack, bits in mark.by_deployment[deployment].items()
                if pack in mark.packs
            ),
        )
        for deployment, snapshots in mark.snapshots.items()
    )
