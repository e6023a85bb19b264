"""Everything that can be done in the console, once: keys, footer, help, palette and `:` words.

An action's id is stable (tests and key maps name it). `views` says where it works; the names in
ELSEWHERE are for parts of a screen: a table, the timeline. A dangerous action never happens on
its key alone: it asks first.
"""

from collections.abc import Iterable
from dataclasses import dataclass

EVERYWHERE: tuple[str, ...] = ()

OVERVIEW, DEPLOYMENT, SNAPSHOTS = "overview", "deployment", "snapshots"
JOBS, RESTORES, EVENTS = "jobs", "restores", "events"
POLICY, STORES = "policy", "stores"
SNAPSHOT, STORE = "snapshot", "store"
RESTORE, WIZARD, ADD = "restore", "wizard", "add"
OPLOG, ENTRY = "oplog", "entry"
OPENED, COLLECTIONS, DOCUMENTS, DOCUMENT = "opened", "collections", "documents", "document"
LINKS, LINK = "links", "link"
ALERTS, ALERT, RULES, CHANNELS = "alerts", "alert", "rules", "channels"
HEALTH, CHART, PINS, TOP, HOST = "health", "chart", "pinned", "top", "host"
VIEWS = (
    OVERVIEW, DEPLOYMENT, SNAPSHOTS, JOBS, RESTORES, EVENTS, POLICY, STORES, OPLOG, SNAPSHOT, STORE,
    RESTORE, WIZARD, ADD, ENTRY, OPENED, COLLECTIONS, DOCUMENTS, DOCUMENT, LINKS, LINK,
    HEALTH, CHART, PINS, TOP, HOST, ALERTS, ALERT, RULES, CHANNELS,
)  # fmt: skip

TABLE, TIMELINE, SCROLL, GRAPH = "table", "timeline", "scroll", "graph"
KINDS, FORM, CHARTING = "kinds", "form", "charting"
ELSEWHERE = (TABLE, TIMELINE, SCROLL, GRAPH, KINDS, FORM, CHARTING)

GRAPHS = {CHART: (CHARTING,), PINS: (CHARTING,), OPLOG: (GRAPH,), WIZARD: (TIMELINE,)}
"""The parts of views whose keys move on a graph."""

MOVING = "Tables"
"""The chapter of what moves the cursor."""

REPLAYED = "Recordings"

KIND_LETTERS = (
    ("folder", "f", "a folder"),
    ("tar", "t", "a tar file"),
    ("archive", "a", "a mongodump archive"),
    ("dump", "d", "a mongodump folder"),
    ("link", "l", "a link to download"),
    ("ssh", "s", "another host, by SSH"),
    ("live", "v", "a live deployment"),
    ("open", "o", "be open for questions"),
)
"""Where a restore goes: the kind of target, its key in the wizard, and how it is called."""

OF_DEPLOYMENT = (OVERVIEW, DEPLOYMENT, SNAPSHOTS)
OF_SNAPSHOT = (SNAPSHOTS, SNAPSHOT)
OF_STORE = (STORES, STORE)
OF_OPENED = (OPENED, COLLECTIONS, DOCUMENTS)
OF_LINK = (LINKS, LINK)
OF_ALERT = (ALERTS, ALERT)


@dataclass(frozen=True, slots=True)
class Action:
    id: str
    keys: tuple[str, ...]
    label: str
    """For the footer: one or two words."""
    help: str
    """For help and palette: one sentence without its full stop."""
    chapter: str
    words: tuple[str, ...] = ()
    """What may be typed after `:`; the first is shown."""
    argument: str = ""
    """What may follow the word: deployment or theme."""
    views: tuple[str, ...] = EVERYWHERE
    dangerous: bool = False
    rank: int = 0
    """Place in the footer, small first; 0: not in the footer."""

    def works_in(self, view: str) -> bool:
        return view in self.views if self.views else view not in ELSEWHERE


def _go(
    id_: str, key: str, label: str, help_: str, words: tuple[str, ...], argument: str = "deployment"
) -> Action:
    return Action(id_, (key,), label, help_, "Views", words, argument)


REGISTRY: tuple[Action, ...] = (
    _go("view.overview", "1", "all", "All deployments", ("deployments", "overview"), ""),
    _go("view.deployment", "2", "status", "One deployment: phases, lag, events",
        ("status", "deployment")),
    _go("view.snapshots", "3", "snapshots", "Its snapshots on the time axis",
        ("snapshots", "snap")),
    _go("view.jobs", "4", "jobs", "What the engine does and did", ("jobs",)),
    _go("view.restores", "5", "restores", "Restores, running and done", ("restores",)),
    _go("view.events", "6", "events", "What happened, and who asked", ("events",)),
    _go("view.policy", "7", "policy", "When snapshots are taken, how long they are kept",
        ("policy",)),
    _go("view.stores", "8", "stores", "The stores, and the space in them", ("stores",), ""),
    _go("view.oplog", "9", "oplog", "Its oplog: what happened, and what took data away",
        ("oplog",)),
    _go("view.opened", "0", "opened", "Snapshots and moments that are open for reading",
        ("opened",), ""),
    _go("view.links", "L", "links", "Links that restores are downloaded by", ("links",)),
    _go("view.alerts", "A", "alerts", "What is wrong, and who has acknowledged it", ("alerts",)),
    _go("view.health", "M", "health", "Its members: roles, lag, what is wrong, elections",
        ("health", "members")),
    _go("view.chart", "F", "charts", "Its figures over time", ("chart", "charts")),
    _go("view.top", "N", "top", "What runs in it now, and its busy collections", ("top",)),
    _go("view.host", "I", "hosts", "The machines that it runs on", ("host", "hosts")),

    Action("item.open", ("enter",), "open", "Open the chosen one", "Deployments",
           views=(OVERVIEW, SNAPSHOTS, RESTORES, RESTORE, STORES, *OF_OPENED, LINKS, HEALTH, PINS,
                  TOP, HOST, *OF_ALERT), rank=1),
    Action("deployment.add", ("a",), "add", "Add a replica set by its URI", "Deployments",
           ("add",), views=(OVERVIEW,), rank=2),
    Action("backup.start", ("b",), "start", "Start the backup", "Deployments",
           ("start",), "deployment", OF_DEPLOYMENT, rank=3),
    Action("backup.stop", ("B",), "stop", "Stop the backup, keep its data",
           "Deployments", ("stop",), "deployment", OF_DEPLOYMENT, dangerous=True, rank=9),
    Action("snapshot.take", ("S",), "snapshot", "Take a snapshot now", "Deployments",
           ("take",), "deployment", OF_DEPLOYMENT, rank=4),
    Action("restore.new", ("R",), "restore", "Restore a snapshot or any second",
           "Deployments", ("restore",), "deployment", (*OF_DEPLOYMENT, SNAPSHOT), rank=5),
    Action("deployment.remove", ("X",), "remove", "Remove it, and what is stored of it",
           "Deployments", ("remove",), "deployment", (OVERVIEW, DEPLOYMENT), dangerous=True,
           rank=10),
    Action("head.validate", ("V",), "validate", "Have the head's files checked", "Deployments",
           ("validate",), "deployment", (DEPLOYMENT,), dangerous=True, rank=11),
    Action("head.rebuild", ("H",), "rebuild head", "Make the head anew, without the source",
           "Deployments", ("rebuild",), "deployment", (DEPLOYMENT,), dangerous=True, rank=12),

    Action("snapshot.hold", ("h",), "hold", "Keep it until it is released; asks for the reason",
           "Snapshots", ("hold",), views=OF_SNAPSHOT, rank=2),
    Action("snapshot.release", ("H",), "release", "Let one that is held expire again",
           "Snapshots", ("release",), views=OF_SNAPSHOT, dangerous=True, rank=7),
    Action("snapshot.verify", ("v",), "verify", "Restore it for real, and compare it",
           "Snapshots", ("verify",), views=OF_SNAPSHOT, rank=2),
    Action("moment.verify", ("m",), "", "The same of a moment of the window, at random",
           "Snapshots", ("moment",), "deployment", (DEPLOYMENT, SNAPSHOTS)),
    Action("time.span", ("z",), "zoom", "Less of the time axis, and all of it again",
           "Snapshots", views=(SNAPSHOTS,), rank=9),
    Action("snapshot.expire", ("E",), "expire", "Give it a date of its own, or let it go now",
           "Snapshots", ("expire",), views=OF_SNAPSHOT, dangerous=True, rank=5),
    Action("snapshot.delete", ("D",), "delete", "Delete it",
           "Snapshots", views=OF_SNAPSHOT, dangerous=True, rank=6),

    Action("snapshot.open", ("o",), "read", "Open it for reading, by a mongod of its own",
           "Opened snapshots", ("read",), views=OF_SNAPSHOT, rank=3),
    Action("moment.open", ("o",), "open a moment", "Open a moment for reading, by a mongod",
           "Opened snapshots", ("open",), "deployment", (OPENED,), rank=2),
    Action("opened.connect", ("c",), "connect", "How to connect to it, with the password",
           "Opened snapshots", ("connect",), views=OF_OPENED, rank=6),
    Action("opened.extend", ("e",), "extend", "Keep it open for longer", "Opened snapshots",
           ("extend",), views=OF_OPENED, rank=7),
    Action("opened.close", ("C",), "close", "End its mongod, and remove its files",
           "Opened snapshots", ("close",), views=OF_OPENED, dangerous=True, rank=8),
    Action("documents.filter", ("slash",), "filter", "Only documents that are like this",
           "Opened snapshots", ("only",), views=(DOCUMENTS,), rank=2),
    Action("documents.sort", ("s",), "sort", "In another order", "Opened snapshots", ("sort",),
           views=(DOCUMENTS,), rank=3),
    Action("documents.next", ("right_square_bracket", "right"), "next page",
           "The documents that follow", "Opened snapshots", views=(DOCUMENTS,), rank=4),
    Action("documents.back", ("left_square_bracket", "left"), "page back",
           "The documents before these", "Opened snapshots", views=(DOCUMENTS,), rank=5),

    Action("link.revoke", ("X",), "revoke", "Let it give nothing from now on", "Links",
           ("revoke",), views=OF_LINK, dangerous=True, rank=3),
    Action("link.copy", ("y",), "copy", "Its command line, to the terminal's clipboard", "Links",
           views=(LINK, RESTORE), rank=2),

    Action("alert.cause", ("c",), "cause", "To where its cause is seen", "Alerts", ("cause",),
           views=OF_ALERT, rank=2),
    Action("alert.acknowledge", ("a",), "ack", "Acknowledge it: until when, with a note", "Alerts",
           ("ack",), views=OF_ALERT, rank=3),
    Action("alert.unacknowledge", ("u",), "unack", "Acknowledged no longer: people are told",
           "Alerts", ("unack",), views=OF_ALERT, rank=4),
    Action("alerts.closed", ("z",), "closed", "Those that are closed, too, or not", "Alerts",
           views=(ALERTS,), rank=7),
    Action("view.rules", ("e",), "rules", "When an alert opens: limits, delays, what is muted",
           "Alerts", ("rules",), "deployment", (*OF_ALERT, CHANNELS), rank=5),
    Action("view.channels", ("n",), "channels", "How people are told, and what became of it",
           "Alerts", ("channels",), views=(*OF_ALERT, RULES), rank=6),
    Action("maintenance.set", ("w",), "maintenance", "Nobody is told for a while, or again",
           "Alerts", ("maintenance",), "deployment", (DEPLOYMENT, ALERTS, RULES), rank=13),
    Action("rule.threshold", ("enter",), "limit", "Type another limit", "Alerts", ("limit",),
           views=(RULES,), rank=1),
    Action("rule.delay", ("f",), "delay", "How long it must be wrong before an alert opens",
           "Alerts", ("delay",), views=(RULES,), rank=2),
    Action("rule.severity", ("s",), "severity", "The next severity", "Alerts", views=(RULES,),
           rank=3),
    Action("rule.mute", ("m",), "mute", "Nobody is told of it until then, or again", "Alerts",
           ("mute",), views=(RULES,), rank=4),
    Action("rule.switch", ("o",), "on/off", "Switch the rule off, or on", "Alerts",
           views=(RULES,), rank=5),
    Action("rule.reset", ("i",), "inherit", "As the group or the defaults say again", "Alerts",
           views=(RULES,), rank=6),
    Action("channel.test", ("t",), "test", "Send a test by the chosen channel, at once", "Alerts",
           ("test",), views=(CHANNELS,), rank=1),

    Action("policy.edit", ("enter",), "type a value", "Type a value for the chosen key",
           "Policy", views=(POLICY,), rank=1),
    Action("policy.less", ("left", "h"), "less", "The next smaller value", "Policy",
           views=(POLICY,), rank=2),
    Action("policy.more", ("right", "l"), "more", "The next greater value", "Policy",
           views=(POLICY,), rank=2),
    Action("policy.inherit", ("i",), "inherit", "Take what the group or the settings say again",
           "Policy", views=(POLICY,), rank=4),
    Action("policy.undo", ("u",), "undo", "Forget the change of the chosen key", "Policy",
           views=(POLICY,), rank=5),
    Action("policy.save", ("S",), "save", "Save the changes, after a look at what they delete",
           "Policy", ("save",), views=(POLICY,), dangerous=True, rank=3),
    Action("policy.group", ("tab",), "group", "What all deployments inherit, and back", "Policy",
           views=(POLICY,), rank=6),

    Action("store.groom", ("O",), "groom", "Give back the space of what no snapshot needs",
           "Stores", ("groom",), views=OF_STORE, dangerous=True, rank=2),
    Action("store.check", ("c",), "check", "Look whether all objects are there, and are right",
           "Stores", ("check",), views=OF_STORE, rank=2),
    Action("store.repair", ("P",), "repair", "Take damaged objects again, where they still are",
           "Stores", ("repair",), views=OF_STORE, dangerous=True, rank=3),

    Action("job.cancel", ("C",), "cancel job", "Cancel the chosen job, or that of the store",
           "Jobs and restores", views=(JOBS, STORES, STORE, SNAPSHOT), dangerous=True, rank=8),
    Action("restore.cancel", ("C",), "cancel restore", "Cancel the restore",
           "Jobs and restores", views=(RESTORES, RESTORE), dangerous=True, rank=2),

    Action("restore.seed", ("s",), "seed", "How a new replica set begins with its files",
           "Jobs and restores", ("seed",), views=(RESTORE,), rank=3),

    Action("wizard.next", ("enter",), "go on", "Take what is chosen and go on", "Restore wizard",
           views=(WIZARD,), rank=1),
    Action("wizard.typed", ("tab",), "type a point", "From the axis to the typed point",
           "Restore wizard", views=(WIZARD,), rank=2),
    Action("time.earlier", ("left", "h"), "earlier", "One column earlier", "Restore wizard",
           views=(TIMELINE,)),
    Action("time.later", ("right", "l"), "later", "One column later", "Restore wizard",
           views=(TIMELINE,)),
    Action("time.page_earlier", ("pageup",), "", "Ten columns earlier", "Restore wizard",
           views=(TIMELINE,)),
    Action("time.page_later", ("pagedown",), "", "Ten columns later", "Restore wizard",
           views=(TIMELINE,)),
    Action("time.snapshot_before", ("up", "k"), "snapshot", "The snapshot before", "Restore wizard",
           views=(TIMELINE,)),
    Action("time.snapshot_after", ("down", "j"), "", "The snapshot after", "Restore wizard",
           views=(TIMELINE,)),
    Action("time.first", ("home", "g"), "", "The first restorable moment",
           "Restore wizard", views=(TIMELINE,)),
    Action("time.last", ("end", "G"), "", "The last restorable moment",
           "Restore wizard", views=(TIMELINE,)),
    Action("time.closer", ("plus", "equals_sign"), "closer", "Zoom in: one column is less time",
           "Restore wizard", views=(TIMELINE,)),
    Action("time.farther", ("minus",), "", "Zoom out", "Restore wizard", views=(TIMELINE,)),
    Action("kind.down", ("down", "j"), "", "The next kind of target", "Restore wizard",
           views=(KINDS,)),
    Action("kind.up", ("up", "k"), "", "The kind of target before", "Restore wizard",
           views=(KINDS,)),
    *(Action(f"kind.{kind}", (letter,), "", f"To {title}", "Restore wizard", views=(KINDS,))
      for kind, letter, title in KIND_LETTERS),
    Action("form.down", ("down", "tab"), "", "The next row", "Restore wizard", views=(FORM,)),
    Action("form.up", ("up", "shift+tab"), "", "The row before", "Restore wizard", views=(FORM,)),
    Action("form.choose", ("ctrl+o",), "", "Choose from the databases and collections there are",
           "Restore wizard", views=(FORM,)),
    Action("oplog.open", ("enter",), "open", "The whole entry", "Oplog", views=(OPLOG,), rank=1),
    Action("oplog.drop", ("d",), "find drop", "Back to the next drop, or to deletes of many",
           "Oplog", ("drops",), views=(OPLOG,), rank=2),
    Action("oplog.filter", ("slash",), "filter", "Show only some entries", "Oplog", ("filter",),
           views=(OPLOG,), rank=3),
    Action("oplog.restore", ("R",), "restore", "Restore to just before this entry", "Oplog",
           views=(OPLOG, ENTRY), rank=4),
    Action("graph.earlier", ("left", "h"), "", "One column earlier on the graph", "Oplog",
           views=(GRAPH,)),
    Action("graph.later", ("right", "l"), "", "One column later on the graph", "Oplog",
           views=(GRAPH,)),
    Action("graph.page_earlier", ("left_square_bracket",), "", "Ten columns back on the graph",
           "Oplog", views=(GRAPH,)),
    Action("graph.page_later", ("right_square_bracket",), "", "Ten columns on on the graph",
           "Oplog", views=(GRAPH,)),
    Action("graph.closer", ("plus", "equals_sign"), "", "Zoom into the graph", "Oplog",
           views=(GRAPH,)),
    Action("graph.farther", ("minus",), "", "Zoom out of the graph", "Oplog", views=(GRAPH,)),

    Action("chart.metric", ("slash",), "metric", "Choose what is charted", "Monitoring",
           ("metric",), views=(CHART,), rank=1),
    Action("chart.next", ("tab",), "next", "The next metric", "Monitoring", views=(CHART,), rank=2),
    Action("chart.before", ("shift+tab",), "", "The metric before", "Monitoring", views=(CHART,)),
    Action("chart.toggle", ("space",), "hide", "Hide the chosen line of the chart, or show it",
           "Monitoring", views=(CHART,), rank=3),
    Action("chart.only", ("o",), "only", "The chosen line alone, and all again", "Monitoring",
           views=(CHART,), rank=4),
    Action("chart.jump", ("t",), "moment", "Go to a moment", "Monitoring", ("at",),
           views=(CHART, PINS), rank=5),
    Action("chart.pin", ("i",), "pin", "Pin the chart to a page of its own, or take it off",
           "Monitoring", ("pin",), views=(CHART, PINS), rank=6),
    Action("chart.pins", ("v",), "pinned", "The pinned charts together, and back", "Monitoring",
           ("pinned",), views=(CHART, PINS), rank=7),
    Action("chart.save", ("w",), "csv", "Write what is shown to a file, as CSV", "Monitoring",
           ("csv",), views=(CHART,), rank=8),
    Action("chart.earlier", ("left", "h"), "", "One column earlier on the chart", "Monitoring",
           views=(CHARTING,)),
    Action("chart.later", ("right", "l"), "", "One column later on the chart", "Monitoring",
           views=(CHARTING,)),
    Action("chart.page_earlier", ("left_square_bracket",), "", "Half a chart earlier",
           "Monitoring", views=(CHARTING,)),
    Action("chart.page_later", ("right_square_bracket",), "", "Half a chart later", "Monitoring",
           views=(CHARTING,)),
    Action("chart.closer", ("plus", "equals_sign"), "", "Zoom into the chart: 15 minutes at least",
           "Monitoring", views=(CHARTING,)),
    Action("chart.farther", ("minus",), "", "Zoom out of the chart: two years at most",
           "Monitoring", views=(CHARTING,)),
    Action("chart.now", ("end", "G"), "", "To the newest values, and follow them", "Monitoring",
           views=(CHARTING,)),
    Action("chart.up", ("up", "k"), "", "The line before, or the pinned chart before",
           "Monitoring", views=(CHARTING,)),
    Action("chart.down", ("down", "j"), "", "The next line, or the next pinned chart",
           "Monitoring", views=(CHARTING,)),
    Action("top.what", ("tab",), "collections", "From operations to busy collections, and back",
           "Monitoring", views=(TOP,), rank=2),
    Action("top.filter", ("slash",), "filter", "Only those that hold all these words",
           "Monitoring", ("grep",), views=(TOP,), rank=3),
    Action("top.sort", ("s",), "sort", "By another column", "Monitoring", views=(TOP,), rank=4),

    Action("add.save", ("enter",), "add it", "Reach the source and add it", "Deployments",
           views=(ADD,), rank=1),
    Action("add.next", ("tab",), "next field", "The next field", "Deployments",
           views=(ADD,), rank=2),

    Action("row.down", ("down", "j"), "", "Down", MOVING, views=(TABLE, SCROLL)),
    Action("row.up", ("up", "k"), "", "Up", MOVING, views=(TABLE, SCROLL)),
    Action("row.page_down", ("pagedown", "ctrl+d"), "", "A page down", MOVING,
           views=(TABLE, SCROLL)),
    Action("row.page_up", ("pageup", "ctrl+u"), "", "A page up", MOVING, views=(TABLE, SCROLL)),
    Action("row.first", ("home", "g"), "", "To the top", MOVING, views=(TABLE, SCROLL)),
    Action("row.last", ("end", "G"), "", "To the end", MOVING, views=(TABLE, SCROLL)),

    Action("replay.back", ("comma",), "", "Ten seconds back in a recording", REPLAYED),
    Action("replay.on", ("full_stop",), "", "Ten seconds on in a recording", REPLAYED),
    Action("replay.far_back", ("less_than_sign",), "", "Five minutes back in it", REPLAYED),
    Action("replay.far_on", ("greater_than_sign",), "", "Five minutes on in it", REPLAYED),

    Action("go.back", ("escape", "backspace"), "back", "Back; nothing is confirmed by it",
           "Console", ("back",), rank=20),
    Action("go.previous", ("minus",), "", "The view that was open before", "Console"),
    Action("look.refresh", ("r",), "", "Ask the engine again now", "Console", ("refresh",)),
    Action("look.pause", ("p",), "", "Stand still, and go on", "Console", ("pause",)),
    Action("look.theme", ("T",), "", "The next theme, or one by name", "Console",
           ("theme",), "theme"),
    Action("go.command", ("colon",), "cmd", "Type a command", "Console", rank=22),
    Action("go.palette", ("ctrl+p",), "", "Find an action by its name", "Console", ("palette",)),
    Action("go.help", ("question_mark",), "help", "All keys", "Console", ("help",), rank=21),
    Action("go.quit", ("q", "ctrl+q"), "quit", "Leave the console", "Console", ("quit", "q"),
           rank=23),
)  # fmt: skip

CHAPTERS = tuple(dict.fromkeys(action.chapter for action in REGISTRY))


def actions_in(view: str) -> list[Action]:
    return [action for action in REGISTRY if action.works_in(view)]


def own_actions(view: str) -> list[Action]:
    """Those that do not work everywhere, with those of the view's graph."""
    within = {view, *GRAPHS.get(view, ())}
    return [action for action in REGISTRY if within.intersection(action.views)]


def action_of(id_: str) -> Action:
    return next(action for action in REGISTRY if action.id == id_)


def key_of(id_: str) -> str:
    """The first key, for sentences that say what to press."""
    return action_of(id_).keys[0]


def footer_actions(view: str, *, root: bool) -> list[Action]:
    """What the footer shows, most useful first; at the root there is no way back."""
    shown = [action for action in actions_in(view) if action.rank]
    useful = [action for action in shown if not (root and action.id == "go.back")]
    return sorted(useful, key=lambda action: action.rank)


def commands(view: str) -> Iterable[Action]:
    """What may be typed after `:` or picked in the palette."""
    return (action for action in actions_in(view) if action.words)
