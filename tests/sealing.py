"""Seal the audit chain inside a test's transaction, which never commits."""

from django.db import connection


def seal() -> None:
    """Do what a commit does: move pending events into their chains. Later writes are sealed at once."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
