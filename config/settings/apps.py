"""The one list of apps, by the kind of schema their tables live in."""

PUBLIC_APPS = [
    "config",  # commands of the composition root
    "unfold",  # before django_tenants and the admin: the first template found wins
    "unfold.contrib.filters",
    "customers.tenants",  # before django_tenants: of two commands of one name the first app wins
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.admin",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "customers.identity",
    "procrastinate.contrib.django",  # the queue of jobs
]

BOTH_APPS = [
    "audit",
    "audit.requests",
    "directory",
]

SHARED_APPS = [*PUBLIC_APPS, *BOTH_APPS]
TENANT_APPS = [*BOTH_APPS]
INSTALLED_APPS = [*SHARED_APPS]
