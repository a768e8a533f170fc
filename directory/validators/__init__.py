"""What the directory may hold; rules of identifiers, addresses and profiles come from the registered rails."""

from directory.validators.addresses import check_endpoint, check_identifier, check_prefix_rule
from directory.validators.artifacts import check_artifact
from directory.validators.columns import (
    check_objects,
    validate_constraints,
    validate_country,
    validate_digits,
    validate_policy_rule,
    validate_qos,
    validate_result,
    validate_tags,
)
from directory.validators.credentials import check_credential

__all__ = [
    "check_artifact",
    "check_credential",
    "check_endpoint",
    "check_identifier",
    "check_objects",
    "check_prefix_rule",
    "validate_constraints",
    "validate_country",
    "validate_digits",
    "validate_policy_rule",
    "validate_qos",
    "validate_result",
    "validate_tags",
]
