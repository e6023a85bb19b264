"""The oplog store: a deployment's oplog as chunks, each beginning where the last one ended."""
