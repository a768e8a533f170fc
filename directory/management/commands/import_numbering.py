"""``manage.py import_numbering``: calling codes and carriers' number ranges into the global directory."""

from directory.connectors.numbering import NumberingConnector
from directory.management.imports import ImportCommand


class Command(ImportCommand):
    """Import numbering plans; again at any time, the same data changes nothing."""

    help = "Import country calling codes and carriers' number ranges into the global directory."
    connector = NumberingConnector
