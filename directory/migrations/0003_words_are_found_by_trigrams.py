from django.db import migrations
from django.db.models import Q

from config.foundation.trigrams import install_trigrams, words_index

INDEXES = {
    "participant": words_index("participant_words", "name", "notes"),
    "identifier": words_index("identifier_words", "value", "normalized", condition=Q(tier__lt=2)),
    "endpoint": words_index("endpoint_words", "address"),
    "capability": words_index("capability_words", "service", "action", "process", "document_type"),
    "credential": words_index("credential_words", "fingerprint"),
    "policy": words_index("policy_words", "name", "reason"),
    "routingartifact": words_index("artifact_words", "name"),
    "prefixrule": words_index("prefix_rule_words", "prefix", "range_text", "target_address"),
    "source": words_index("source_words", "name"),
    "probe": words_index("probe_words", "name"),
}


class Migration(migrations.Migration):
    """Builds an index of each table while nothing is written to it: about 1 s for 100,000 identifiers."""

    dependencies = [("directory", "0002_in_force_is_not_edited")]

    operations = [
        install_trigrams(),
        *(migrations.AddIndex(model, index) for model, index in INDEXES.items()),
    ]
