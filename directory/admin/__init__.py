"""Pages of the directory, for the tenant's own rows and, on the platform, for the global ones."""

from directory.admin.participants import (
    CapabilityAdmin,
    CredentialAdmin,
    EndpointAdmin,
    IdentifierAdmin,
    ParticipantAdmin,
)
from directory.admin.routing import EdgeAdmin, PolicyAdmin, PrefixRuleAdmin, RoutingArtifactAdmin
from directory.admin.sources import ProbeAdmin, SourceAdmin, SourceRunAdmin

__all__ = [
    "CapabilityAdmin",
    "CredentialAdmin",
    "EdgeAdmin",
    "EndpointAdmin",
    "IdentifierAdmin",
    "ParticipantAdmin",
    "PolicyAdmin",
    "PrefixRuleAdmin",
    "ProbeAdmin",
    "RoutingArtifactAdmin",
    "SourceAdmin",
    "SourceRunAdmin",
]
