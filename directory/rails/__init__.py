"""Rails: every kind of identifier, profile and endpoint address that the directory knows.

One module a rail. A module that defines ``RAIL`` is found by listing this package; nothing else names it.
"""
