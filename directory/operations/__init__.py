"""Changes of the directory, each one transaction that the audit chain attributes to its actor."""

from directory.operations.artifacts import activate_artifact
from directory.operations.locking import hold_bulk
from directory.operations.rows import change_row, delete_row, put_row, save_row

__all__ = ["activate_artifact", "change_row", "delete_row", "hold_bulk", "put_row", "save_row"]
