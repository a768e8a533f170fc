"""Switchboard's database engine: django-tenants' engine with foreign keys that are checked at the statement."""
