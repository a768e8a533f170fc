import datetime as dt
import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import customers.identity.validators
from config.foundation.triggers import DomainTriggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_chain"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("name", models.CharField(max_length=100)),
                (
                    "key_id",
                    models.CharField(editable=False, max_length=12, unique=True, verbose_name="key id"),
                ),
                ("secret_hash", models.BinaryField(max_length=32)),
                ("pepper_number", models.PositiveSmallIntegerField(editable=False)),
                ("previous_secret_hash", models.BinaryField(max_length=32, null=True)),
                ("previous_pepper_number", models.PositiveSmallIntegerField(editable=False, null=True)),
                ("previous_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "may_write",
                    models.BooleanField(
                        default=False,
                        help_text="Without it the token only reads and resolves.",
                        verbose_name="write",
                    ),
                ),
                (
                    "allowed_networks",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="CIDR list; empty means from anywhere.",
                        validators=[customers.identity.validators.validate_networks],
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_tokens",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
            },
        ),
        migrations.CreateModel(
            name="Privilege",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("code", models.CharField(max_length=64, unique=True)),
                ("description", models.CharField(max_length=255)),
            ],
            options={
                "verbose_name_plural": "privileges",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("username", models.CharField(blank=True, max_length=150, null=True, unique=True)),
                ("email", models.EmailField(max_length=254)),
                (
                    "email_key",
                    models.CharField(
                        editable=False,
                        error_messages={"unique": "Somebody with this e-mail address exists."},
                        max_length=254,
                        null=True,
                        unique=True,
                    ),
                ),
                ("email_verified_at", models.DateTimeField(blank=True, null=True)),
                ("first_name", models.CharField(blank=True, max_length=150)),
                ("last_name", models.CharField(blank=True, max_length=150)),
                ("mobile", models.CharField(blank=True, max_length=32)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        max_length=64,
                        validators=[customers.identity.validators.validate_time_zone],
                    ),
                ),
                ("locale", models.CharField(blank=True, max_length=16)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("inactive", "Inactive"), ("archived", "Archived")],
                        default="active",
                        max_length=16,
                    ),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="May enter the platform's administration.",
                        verbose_name="operator",
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("deleted_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("erased_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApiTokenUse",
            fields=[
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="use",
                        serialize=False,
                        to="identity.apitoken",
                    ),
                ),
                ("last_used_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="apitoken",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="api_tokens",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("active", "Active"),
                            ("inactive", "Inactive"),
                            ("archived", "Archived"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("creator", "Created the tenant"),
                            ("invitation", "Invitation"),
                            ("admin", "Administrator"),
                            ("provisioning", "Provisioning"),
                            ("lobby", "Lobby"),
                        ],
                        default="admin",
                        max_length=16,
                    ),
                ),
                ("account_settings", models.JSONField(blank=True, default=dict)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiTokenPrivilege",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_privileges",
                        to="identity.apitoken",
                    ),
                ),
                (
                    "privilege",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="token_holders",
                        to="identity.privilege",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="apitoken",
            name="privileges",
            field=models.ManyToManyField(
                related_name="api_tokens", through="identity.ApiTokenPrivilege", to="identity.privilege"
            ),
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                ("code", models.CharField(editable=False, max_length=64)),
                ("title", models.CharField(max_length=64)),
                ("is_admin", models.BooleanField(default=False)),
                ("is_builtin", models.BooleanField(default=False, editable=False)),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="roles",
                        to="tenants.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MembershipRole",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_roles",
                        to="identity.membership",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holders",
                        to="identity.role",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="membership",
            name="roles",
            field=models.ManyToManyField(
                related_name="memberships", through="identity.MembershipRole", to="identity.role"
            ),
        ),
        migrations.CreateModel(
            name="RolePrivilege",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("created_by", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_by", models.UUIDField(blank=True, editable=False, null=True)),
                ("row_version", models.BigIntegerField(db_default=1, editable=False)),
                (
                    "privilege",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holders",
                        to="identity.privilege",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_privileges",
                        to="identity.role",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="role",
            name="privileges",
            field=models.ManyToManyField(
                related_name="roles", through="identity.RolePrivilege", to="identity.privilege"
            ),
        ),
        migrations.AddConstraint(
            model_name="apitokenprivilege",
            constraint=models.UniqueConstraint(
                fields=("token", "privilege"),
                name="api_token_privilege_once",
                violation_error_code="duplicate",
                violation_error_message="The token holds this privilege already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "expires_at__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("created_at"), "+", models.Value(dt.timedelta(days=365))
                        ),
                    )
                ),
                name="api_token_lifetime",
                violation_error_code="lifetime_exceeded",
                violation_error_message="A token lives at most 365 days.",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("key_id__regex", "^[a-z2-7]{12}$")),
                name="api_token_key_id_length",
                violation_error_code="key_id_invalid",
                violation_error_message="A key id has 12 characters of base32.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membershiprole",
            constraint=models.UniqueConstraint(
                fields=("membership", "role"),
                name="membership_role_once",
                violation_error_code="duplicate",
                violation_error_message="The membership carries this role already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("user", "tenant"),
                name="membership_once",
                violation_error_code="duplicate",
                violation_error_message="This person is mapped to the tenant already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["inactive", "archived"]), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="membership_reason_given",
                violation_error_code="reason_required",
                violation_error_message="Say why the membership is made inactive or archived.",
            ),
        ),
        migrations.AddConstraint(
            model_name="roleprivilege",
            constraint=models.UniqueConstraint(
                fields=("role", "privilege"),
                name="role_privilege_once",
                violation_error_code="duplicate",
                violation_error_message="The role holds this privilege already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(
                fields=("tenant", "code"),
                name="role_code_in_tenant",
                nulls_distinct=False,
                violation_error_code="duplicate",
                violation_error_message="A role with this title exists.",
            ),
        ),
        DomainTriggers(
            "user",
            resource="identity.user",
            personal=["email", "email_key", "first_name", "last_name", "mobile", "username"],
            secret=["password"],
        ),
        DomainTriggers("privilege", resource="identity.privilege"),
        DomainTriggers("role", resource="identity.role", tenant="tenant_id"),
        DomainTriggers("roleprivilege", resource="identity.roleprivilege", tenant="role_id@identity_role"),
        DomainTriggers("membership", resource="identity.membership", tenant="tenant_id"),
        DomainTriggers(
            "membershiprole", resource="identity.membershiprole", tenant="membership_id@identity_membership"
        ),
        DomainTriggers(
            "apitoken",
            resource="identity.apitoken",
            secret=["previous_secret_hash", "secret_hash"],
            tenant="tenant_id",
        ),
        DomainTriggers(
            "apitokenprivilege", resource="identity.apitokenprivilege", tenant="token_id@identity_apitoken"
        ),
    ]
