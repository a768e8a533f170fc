"""Kinds and states of directory rows."""

from django.db.models import IntegerChoices, TextChoices


class ParticipantKind(TextChoices):
    """What a participant is."""

    ORGANIZATION = "organization", "Organization"
    """A legal party."""
    NODE = "node", "Node"
    """A network element, such as an STP or an access point."""
    SERVICE = "service", "Service"
    """An application that is addressed by itself."""
    RANGE = "range", "Range"
    """The holder of a range of numbers."""


class EndpointStatus(TextChoices):
    """Whether an endpoint takes traffic."""

    ACTIVE = "active", "Active"
    """Takes traffic."""
    DRAINING = "draining", "Draining"
    """Takes traffic only where no active one is left."""
    INACTIVE = "inactive", "Inactive"
    """Takes none."""


class CredentialType(TextChoices):
    """What a credential is used for."""

    TLS = "tls", "TLS"
    """Authenticates the connection."""
    SIGN = "sign", "Signing"
    """Signs messages."""
    ENCRYPT = "encrypt", "Encryption"
    """Encrypts messages."""


class PolicyEffect(TextChoices):
    """What a policy does with a candidate it matches."""

    ALLOW = "allow", "Allow"
    """The candidate stays."""
    DENY = "deny", "Deny"
    """The candidate is removed."""


class NodeType(TextChoices):
    """What an end of an edge is."""

    PARTICIPANT = "participant", "Participant"
    """A participant."""
    IDENTIFIER = "identifier", "Identifier"
    """An identifier."""
    ENDPOINT = "endpoint", "Endpoint"
    """An endpoint."""
    CAPABILITY = "capability", "Capability"
    """A capability."""


class EdgeEnd(TextChoices):
    """Which directory an end of an edge is in."""

    OWN = "own", "Own directory"
    """The directory that holds the edge."""
    GLOBAL = "global", "Global directory"
    """The global directory."""


class EdgeRelation(TextChoices):
    """What an edge says."""

    SAME_AS = "same_as", "same as"
    """Both ends are one party."""
    RESOLVES_TO = "resolves_to", "resolves to"
    """An identifier finds a participant, beyond what its own row says."""
    HAS_ENDPOINT = "has_endpoint", "has endpoint"
    """A participant is reached at an endpoint, beyond what the endpoint's row says."""
    HAS_CAPABILITY = "has_capability", "has capability"
    """A participant has a capability, beyond what the capability's row says."""
    TRANSLATES_TO = "translates_to", "translates to"
    """One address becomes another on the way."""


class ArtifactKind(TextChoices):
    """What a routing artifact holds."""

    TENANT_OVERRIDE = "tenant_override", "Tenant override"
    """Directives that win over everything."""
    CONTRACT = "contract", "Contract"
    """Directives agreed with a provider."""
    BIN_TABLE = "bin_table", "BIN table"
    """Card ranges by prefix."""
    GTT_TABLE = "gtt_table", "Global title translation"
    """Global titles by prefix."""
    NUMBER_RANGE = "number_range", "Number ranges"
    """Telephone number ranges and their holders."""
    DEFAULT_ROUTE = "default_route", "Default route"
    """Directives for what nothing else answers."""


class ArtifactStatus(TextChoices):
    """State of a version of a routing artifact."""

    DRAFT = "draft", "Draft"
    """Being written; resolves nothing."""
    ACTIVE = "active", "Active"
    """In force; one version of each kind and name."""
    RETIRED = "retired", "Retired"
    """Was in force; can be activated again."""


class PrefixMode(TextChoices):
    """How several rules of one prefix share traffic."""

    SOLITARY = "solitary", "Solitary"
    """One target."""
    DOMINANT = "dominant", "Dominant"
    """The first target, the others as back-up."""
    LOADSHARE = "loadshare", "Load share"
    """By weight."""
    BROADCAST = "broadcast", "Broadcast"
    """All targets."""


class SourceKind(TextChoices):
    """What a source is; network sources answer on a later ladder level than the others."""

    MANUAL = "manual", "By hand"
    """Typed in by people."""
    FILE = "file", "File"
    """Any directory table from a file."""
    BIC = "bic", "Bank registries"
    """National bank registries."""
    NUMBERING = "numbering", "Numbering plans"
    """Telephone number ranges and carriers."""
    GTT = "gtt", "Global title tables"
    """Rules of signalling transfer points."""
    BIN = "bin", "BIN tables"
    """Card ranges."""
    SMP = "smp", "SMP"
    """Service metadata publishers, over the network."""
    KTT = "ktt", "KTT"
    """KTT registries, over the network."""
    DTC = "dtc", "DTC"
    """DTC registries, over the network."""


class FailureMode(TextChoices):
    """What a source answers when it fails."""

    CACHED_ONLY = "cached_only", "Cached rows only"
    """Rows not older than max_stale, then nothing."""
    FAIL_CLOSED = "fail_closed", "Fail closed"
    """Nothing."""
    FAIL_OPEN = "fail_open", "Fail open"
    """As if the source had not been asked."""


class RunState(TextChoices):
    """State of a run of a source."""

    RUNNING = "running", "Running"
    """Reading or writing."""
    SUCCEEDED = "succeeded", "Succeeded"
    """Everything valid was written."""
    FAILED = "failed", "Failed"
    """Nothing was written."""


class SensitivityTier(IntegerChoices):
    """How sensitive an identifier is."""

    PUBLIC = 0, "Public"
    """Anybody may know."""
    INTERNAL = 1, "Internal"
    """The tenant's own people and programs."""
    CONFIDENTIAL = 2, "Confidential"
    """Encrypted at rest; found by a blind index; each clear reading is audited."""
    SECRET = 3, "Secret"
    """Only as a reference into a vault."""
