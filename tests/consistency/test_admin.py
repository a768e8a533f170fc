"""Every model that people may look at stands in an admin site."""

from django.apps import apps

from config.sites import platform_site, tenant_site

OWN_APPS = ("audit", "requests", "directory", "tenants", "identity")
NOT_SHOWN = {
    "audit.ChainHead": "bookkeeping of the chain",
    "audit.ConfidentialSalt": "a secret",
    "audit.PendingEvent": "empty outside a transaction",
    "audit.PrivateValue": "shown with its event, to who may see it",
    "audit.RefusalTally": "a counter",
    "audit.Verification": "shown above the list of events",
    "audit.SealMarker": "empty outside a transaction",
    "directory.ChangeMarker": "empty outside a transaction",
    "directory.DirectoryVersion": "a counter",
    "identity.ApiTokenPrivilege": "listed on the token's page",
    "identity.ApiTokenTally": "shown with its token",
    "identity.ApiTokenUse": "shown with its token",
    "requests.IdempotencyKey": "encrypted answers of one day, for their callers' repetitions",
    "tenants.TenancyChangeMarker": "empty outside a transaction",
    "tenants.TenancyVersion": "a counter",
    "identity.MembershipRole": "chosen on the membership's page, where one operation keeps the last owner",
    "identity.RolePrivilege": "chosen on the role's page, where one operation asks who may give it",
}


def test_every_model_is_in_an_admin_site() -> None:
    shown = set()
    for site in (platform_site, tenant_site):
        for model, page in site._registry.items():
            shown |= {model._meta.label, *(inline.model._meta.label for inline in page.inlines)}
    models = {model._meta.label for app in OWN_APPS for model in apps.get_app_config(app).get_models()}
    assert models - shown - set(NOT_SHOWN) == set(), "in no admin site"


def test_of_the_platforms_tables_only_tokens_are_on_a_tenants_site_which_shows_its_own() -> None:
    public = {
        model._meta.label
        for model in tenant_site._registry
        if model._meta.app_label in ("tenants", "identity")
    }
    assert public == {"identity.ApiToken"}
