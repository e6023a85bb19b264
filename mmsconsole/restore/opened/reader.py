"""The user by whom an opened snapshot is asked. Its password is made for it, and known by nobody
else: other people of this machine reach the port too.
"""

import secrets

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from mmsconsole.metadata.codec import Document
from mmsconsole.secret import Secret

NAME = "mmsconsole-reader"
ROLES = [{"role": "readAnyDatabase", "db": "admin"}]
PASSWORD_BYTES = 24
ALREADY_THERE = 51003


def new_password() -> Secret:
    return Secret(secrets.token_urlsafe(PASSWORD_BYTES))


def add_reader(client: MongoClient[Document], password: Secret) -> None:
    """Into the copy; an earlier attempt may have done so."""
    user = {"pwd": password.reveal(), "roles": ROLES, "mechanisms": ["SCRAM-SHA-256"]}
    try:
        client.admin.command({"createUser": NAME, **user})
    except OperationFailure as error:
        if error.code != ALREADY_THERE:
            raise
        client.admin.command({"updateUser": NAME, **user})
