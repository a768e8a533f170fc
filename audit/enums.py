"""Words of the audit chain."""

from django.db.models import TextChoices


class Verb(TextChoices):
    """What was done, with its past tense; an event may carry another, which is shown as it stands."""

    CREATE = "create", "created"
    UPDATE = "update", "changed"
    DELETE = "delete", "deleted"
    ACTIVATE = "activate", "activated"
    APPROVE = "approve", "approved"
    DENY = "deny", "denied"
    REVOKE = "revoke", "revoked"
    ROTATE = "rotate", "rotated"
    ACCEPT = "accept", "accepted"
    SET_PASSWORD = "set_password", "set the password of"
    PROVISION = "provision", "provisioned"
    BOOTSTRAP = "bootstrap", "set up"
    SUSPEND = "suspend", "suspended"
    RESUME = "resume", "resumed"
    ARCHIVE = "archive", "archived"
    RESTORE = "restore", "restored"
    MOVE = "move", "moved"
    LOGIN = "login", "signed in"
    LOGOUT = "logout", "signed out"
    LOGIN_FAILED = "login_failed", "failed to sign in"
    ACCESS = "access", "entered"
    READ = "read", "read"
    RESOLVE = "resolve", "resolved"
    IMPORT = "import", "imported"
    EXPORT = "export", "exported"
    PRUNE = "prune", "pruned"
    REFUSED = "refused", "was refused"
    CONSENT = "consent", "recorded"
    CANCEL = "cancel", "cancelled"
    FINISH = "finish", "finished"


class SubjectKind(TextChoices):
    """Who gave or withdrew a consent."""

    USER = "user", "a person"
    ORGANIZATION = "organization", "an organization"
    PARTICIPANT = "participant", "a participant of the directory"


SUBJECT_PREFIXES = {"usr": SubjectKind.USER, "org": SubjectKind.ORGANIZATION, "par": SubjectKind.PARTICIPANT}


class ConsentAction(TextChoices):
    """What became of a consent."""

    GIVEN = "given", "given: the subject agreed to exactly this text"
    WITHDRAWN = "withdrawn", "withdrawn: it holds no longer, from here on"
    EXPIRED = "expired", "expired: it ran out by itself"


class FlawKind(TextChoices):
    """What is wrong at the first bad place of a chain."""

    RECORD = "record", "the record's bytes are not those that were hashed"
    COLUMNS = "columns", "a column says other than the record"
    ORDER = "order", "the event does not follow the one before it: moved, swapped or inserted"
    HASH = "hash", "the event is not the one that was chained at this place"
    MISSING = "missing", "an event is gone from the middle or the end"
    FORGED_TAIL = "forged_tail", "events stand behind the end of the chain"
    HEAD = "head", "the head does not belong to the last event"
    UNSEALED = "unsealed", "committed events were never sealed into the chain"
