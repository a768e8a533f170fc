"""Bases of views: admission before everything, then one set of manners for reading and writing."""

from config.foundation.rest.views.admitted import AdmittedView
from config.foundation.rest.views.reading import ReadOnlyResource
from config.foundation.rest.views.upsert import KeyedResource
from config.foundation.rest.views.writing import WritableResource

__all__ = ["AdmittedView", "KeyedResource", "ReadOnlyResource", "WritableResource"]
