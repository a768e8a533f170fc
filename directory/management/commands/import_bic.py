"""``manage.py import_bic``: every BIC of the national bank registries into the global directory."""

from directory.connectors.bic import BicConnector
from directory.management.imports import ImportCommand


class Command(ImportCommand):
    """Import bank registries; again at any time, the same data changes nothing."""

    help = "Import the BICs and bank codes of national bank registries into the global directory."
    connector = BicConnector
