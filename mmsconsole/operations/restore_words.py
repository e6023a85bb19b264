"""What a restore takes, and where it goes, in words. Pure; without secrets."""

from mmsconsole.metadata.targets import Selection, Target, TargetKind

LOCAL = (TargetKind.FOLDER, TargetKind.TAR, TargetKind.ARCHIVE, TargetKind.DUMP)
"""They lie on this machine."""


def where_to(target: Target, live: str, seeds: frozenset[str]) -> str:
    """`live`: the name of the deployment that it goes into; empty: `seeds` are known."""
    if target.kind in LOCAL:
        return target.path
    if target.kind is TargetKind.LINK:
        return "a download link"
    if target.kind is TargetKind.OPEN:
        return "a read-only mongod on this machine"
    if target.kind is TargetKind.SSH:
        user = f"{target.user}@" if target.user else ""
        port = "" if target.port == 22 else f" (port {target.port})"
        return f"{user}{target.host}:{target.path}{port}"
    return live or ",".join(sorted(seeds))


def what_of(selection: Selection) -> str:
    """What of the data goes there."""
    parts = [", ".join(map(repr, selection.namespaces)) or "everything"]
    if selection.excluded:
        parts.append(f"but not {', '.join(map(repr, selection.excluded))}")
    parts += [f"{old!r} as {new!r}" for old, new in selection.renames]
    parts += [f"of {namespace!r} only {text}" for namespace, text in selection.filters]
    if not selection.users:
        parts.append("without users and roles")
    if not selection.indexes:
        parts.append("without indexes")
    return "; ".join(parts)
