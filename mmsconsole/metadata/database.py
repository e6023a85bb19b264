"""All collections of the metadata database behind one object."""

from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from mmsconsole.metadata.agents import Agents
from mmsconsole.metadata.alert_rules import AlertRules
from mmsconsole.metadata.alerts import Alerts, Pendings
from mmsconsole.metadata.blocks import Blocks, Packs
from mmsconsole.metadata.checks import Checks
from mmsconsole.metadata.chunks import OplogChunks
from mmsconsole.metadata.codec import Document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.copies import Copies
from mmsconsole.metadata.deletions import Deletions
from mmsconsole.metadata.deployments import Deployments
from mmsconsole.metadata.engines import Engines
from mmsconsole.metadata.events import Events
from mmsconsole.metadata.groups import Groups
from mmsconsole.metadata.heads import Heads
from mmsconsole.metadata.jobs import Jobs
from mmsconsole.metadata.leases import Leases
from mmsconsole.metadata.links import Links
from mmsconsole.metadata.live_writes import LiveWrites
from mmsconsole.metadata.maintenance import MaintenanceWindows
from mmsconsole.metadata.members import Members
from mmsconsole.metadata.notifications import Notifications
from mmsconsole.metadata.openings import Openings
from mmsconsole.metadata.orphans import Orphans
from mmsconsole.metadata.policies import Policies
from mmsconsole.metadata.pools import Pools
from mmsconsole.metadata.restore_secrets import RestoreSecrets
from mmsconsole.metadata.restores import Restores
from mmsconsole.metadata.rollups import RollUps
from mmsconsole.metadata.samples import Samples
from mmsconsole.metadata.snapshots import Snapshots
from mmsconsole.metadata.store_marks import StoreMarks
from mmsconsole.metadata.store_stats import StoreStats
from mmsconsole.metadata.syncs import Slices, SyncCollections
from mmsconsole.metadata.tails import LagSamples, Tails
from mmsconsole.metadata.validations import Validations
from mmsconsole.metadata.window_ends import WindowEnds
from mmsconsole.metadata.witnesses import Witnesses

DATABASE = "mmsconsole"
WRITE_TIMEOUT_MS = 20_000


class Metadata:
    """Majority reads, journaled majority writes: what is written here survives."""

    def __init__(self, client: MongoClient[Document]) -> None:
        self.client = client
        self.database = client.get_database(
            DATABASE,
            codec_options=CodecOptions(tz_aware=True),
            write_concern=WriteConcern("majority", wtimeout=WRITE_TIMEOUT_MS, j=True),
            read_concern=ReadConcern("majority"),
        )
        self.groups = Groups(self.database)
        self.policies = Policies(self.database)
        self.deployments = Deployments(self.database)
        self.heads = Heads(self.database)
        self.sync_collections = SyncCollections(self.database)
        self.slices = Slices(self.database)
        self.chunks = OplogChunks(self.database)
        self.window_ends = WindowEnds(self.database)
        self.snapshots = Snapshots(self.database)
        self.validations = Validations(self.database)
        self.witnesses = Witnesses(self.database)
        self.tails = Tails(self.database)
        self.lag_samples = LagSamples(self.database)
        self.pools = Pools(self.database)
        self.orphans = Orphans(self.database)
        self.store_stats = StoreStats(self.database)
        self.store_marks = StoreMarks(self.database)
        self.packs = Packs(self.database)
        self.blocks = Blocks(self.database)
        self.copies = Copies(self.database)
        self.checks = Checks(self.database)
        self.deletions = Deletions(self.database)
        self.jobs = Jobs(self.database)
        self.restores = Restores(self.database)
        self.links = Links(self.database)
        self.restore_secrets = RestoreSecrets(self.database)
        self.live_writes = LiveWrites(self.database)
        self.openings = Openings(self.database)
        self.events = Events(self.database)
        self.engines = Engines(self.database)
        self.members = Members(self.database)
        self.agents = Agents(self.database)
        self.samples = Samples(self.database)
        self.rollups = RollUps(self.database)
        self.leases = Leases(self.database)
        self.alert_rules = AlertRules(self.database)
        self.alerts = Alerts(self.database)
        self.alert_pendings = Pendings(self.database)
        self.maintenance = MaintenanceWindows(self.database)
        self.notifications = Notifications(self.database)

    def ensure_indexes(self) -> None:
        """Every collection's; no harm where they are there."""
        for records in vars(self).values():
            if isinstance(records, Records):
                records.ensure_indexes()
        self.samples.ensure()

    def close(self) -> None:
        self.client.close()
