"""Pages of the directory, for the tenant's own rows and, on the platform, for the global ones."""

from directory.admin.edges import EdgeAdmin
from directory.admin.participants import ParticipantAdmin
from directory.admin.parts import CapabilityAdmin, CredentialAdmin, EndpointAdmin, IdentifierAdmin
from directory.admin.routing import PolicyAdmin, PrefixRuleAdmin, RoutingArtifactAdmin
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
