"""Tables of the directory: the same in the global schema and in every tenant's."""

from directory.models.participants import Capability, Credential, Endpoint, Identifier, Participant
from directory.models.routing import Edge, Policy, PrefixRule, RoutingArtifact
from directory.models.sources import ChangeMarker, DirectoryVersion, Probe, Source, SourceRun

__all__ = [
    "Capability",
    "ChangeMarker",
    "Credential",
    "DirectoryVersion",
    "Edge",
    "Endpoint",
    "Identifier",
    "Participant",
    "Policy",
    "PrefixRule",
    "Probe",
    "RoutingArtifact",
    "Source",
    "SourceRun",
]
