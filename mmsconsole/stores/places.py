"""Where the objects of a deployment are kept: the store that it is bound to."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from mmsconsole.metadata.database import Metadata
from mmsconsole.settings import DEFAULT_STORE
from mmsconsole.storage.base import Storage
from mmsconsole.storage.fallback import FallbackStorage
from mmsconsole.storage.storages import NamedStorage, Storages

Told = Callable[[str, str], None]
"""Given a deployment's id and the key of an object that its copy had to give."""


def _silent(_: str, __: str) -> None:
    """Nobody wants to know."""


class Places(Protocol):
    def of(self, deployment_id: str) -> Storage: ...

    def of_head(self, head_id: str) -> Storage: ...

    def name(self, deployment_id: str) -> str:
        """Of the store."""
        ...

    def name_of_head(self, head_id: str) -> str: ...


class OnePlace:
    """Everything in one storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def of(self, deployment_id: str) -> Storage:  # noqa: ARG002 - the same for all
        return self._storage

    def of_head(self, head_id: str) -> Storage:  # noqa: ARG002 - the same for all
        return self._storage

    def name(self, deployment_id: str) -> str:  # noqa: ARG002 - the same for all
        return DEFAULT_STORE

    def name_of_head(self, head_id: str) -> str:  # noqa: ARG002 - the same for all
        return DEFAULT_STORE


class BoundPlaces:
    """The store that the deployment is bound to; what that can not give is read from the second
    one, if it has one.
    """

    def __init__(
        self, storages: Storages, metadata: Metadata, told: Told = _silent, *, copies: bool = True
    ) -> None:
        """`copies`: whether second stores help."""
        self._copies = copies
        self._storages = storages
        self._metadata = metadata
        self._told = told
        self._of_heads: dict[str, str] = {}
        self._both: dict[tuple[str, str, str], FallbackStorage] = {}
        """By deployment and stores: each remembers whether its first one answers."""

    def of(self, deployment_id: str) -> Storage:
        """Raises SettingsError where the settings do not name its store any more."""
        deployment = self._metadata.deployments.find(deployment_id)
        if deployment is None:
            return self._storages.of(DEFAULT_STORE)
        if not deployment.copy_to or not self._copies:
            return self._storages.of(deployment.store)
        return self._with_copy(deployment.id, deployment.store, deployment.copy_to)

    def _with_copy(self, deployment_id: str, store: str, copy_to: str) -> Storage:
        stores = (deployment_id, store, copy_to)
        if stores not in self._both:
            first, second = (NamedStorage(self._storages, name) for name in (store, copy_to))
            told = partial(self._told, deployment_id)
            self._both[stores] = FallbackStorage(first, second, told)
        return self._both[stores]

    def of_head(self, head_id: str) -> Storage:
        return self.of(self._deployment_of(head_id))

    def name(self, deployment_id: str) -> str:
        deployment = self._metadata.deployments.find(deployment_id)
        return DEFAULT_STORE if deployment is None else deployment.store

    def name_of_head(self, head_id: str) -> str:
        return self.name(self._deployment_of(head_id))

    def _deployment_of(self, head_id: str) -> str:
        if head_id not in self._of_heads:
            head = self._metadata.heads.find(head_id)
            if head is None:
                return ""
            self._of_heads[head_id] = head.deployment
        return self._of_heads[head_id]
