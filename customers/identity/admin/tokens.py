"""Pages of tokens. No page shows a secret or a hash, but for the one answer that makes it."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from config.foundation.actor import Actor
from config.foundation.admin import AuditedAdmin, ExportMixin
from config.foundation.admin.forms import CHANGED_MEANWHILE, ROW_VERSION_FIELD
from customers.identity.admin.token_states import STATES, StateFilter
from customers.identity.forms import NewTokenForm, RevocationForm, RotationForm, TokenForm
from customers.identity.models import ApiToken
from customers.identity.operations import (
    change_token,
    issue_token,
    revoke_token,
    rotate_token,
    usage_of_token,
)

REVOKED_MAX = 500  # their keys are sent back as fields of a form
TEMPLATES = "admin/identity/apitoken"
_SAID = {
    "": ("good", "It is good: whoever has its secret may use it."),
    "token_revoked": ("gone", "It was revoked, for good."),
    "token_expired": ("gone", "It has expired."),
    "token_disabled": ("waiting", "It is switched off, until somebody switches it on again."),
}


class ApiTokenAdmin(ExportMixin, AuditedAdmin):
    """Keys of programs. A person makes, renames and rotates their own; who may change tokens stops anybody's."""

    view_privilege = manage_privilege = "tokens.manage"
    deletes_many = False
    change_form_outer_before_template = f"{TEMPLATES}/state.html"
    list_display: tuple[str, ...] = (
        "name",
        "key_id",
        "user",
        "tenant",
        "may_write",
        "state",
        "expires_at",
        "last_used",
    )
    list_filter = (StateFilter, "may_write")
    search_fields: tuple[str, ...] = ("name", "key_id", "user__email", "tenant__slug")
    list_select_related = ("user", "tenant", "use")
    ordering = ("-created_at", "pk")
    actions = ("revoke", "export_csv")
    made_of: tuple[str, ...] = ("name", "tenant", "granted", "may_write", "networks", "lifetime", "token_id")
    shown: tuple[str | tuple[str, ...], ...] = (
        "name", ("key_id", "user"), "tenant", "held", ("may_write", "is_enabled"), "networks",
        ("expires_at", "revoked_at"), "overlap_until",
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        """Add the page that rotates a token."""
        rotate = self.admin_site.admin_view(self.rotate_view)
        return [
            path("<path:object_id>/rotate/", rotate, name="identity_apitoken_rotate"),
            *super().get_urls(),
        ]

    def place_of(self, request: HttpRequest) -> Any:
        """Return the tenant whose tokens the pages show; None for all."""
        return self.admin_site.tenant_of(request)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's
        """Return a form that knows whose token is made, and where."""
        kwargs["form"] = NewTokenForm if obj is None else TokenForm
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        known = {"person": request.user, "place": self.place_of(request)}
        written = {} if obj is None else {"written": self.written(request, obj)}
        return type(form.__name__, (form,), known | written)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Ask for what makes a token, or show it with its use."""
        if obj is None:
            return [("Token", {"fields": self.made_of})]
        written = self.written(request, obj)
        shown = tuple("listed_networks" if one == "networks" not in written else one for one in self.shown)
        stamps = [one for one in super().get_fieldsets(request, obj) if one[0] == "Record"]
        return [("Token", {"fields": shown}), ("Use", {"fields": ("usage",)}), *stamps]

    def written(self, request: HttpRequest, token: ApiToken) -> tuple[str, ...]:
        """Return what the person may change of a token: of another's only whether it is enabled."""
        if token.revoked_at is not None or not super().has_change_permission(request, token):
            return ()
        return ("name", "networks", "is_enabled") if token.user_id == request.user.pk else ("is_enabled",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show what is not changed as text."""
        if obj is None:
            return []
        written = self.written(request, obj)
        columns = ("name", "key_id", "user", "tenant", "may_write", "is_enabled", "expires_at", "revoked_at")
        texts = ("held", "listed_networks", "overlap_until", "usage")
        return [*(one for one in columns if one not in written), *texts, "stamps"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for a token that is revoked."""
        is_over = isinstance(obj, ApiToken) and obj.revoked_at is not None
        return not is_over and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let revoke who may change tokens; none is deleted."""
        return self.has_change_permission(request, obj)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may end tokens."""
        return self.has_change_permission(request)

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say above the form how the token is, and where one goes from here."""
        token = kwargs.get("obj")
        context["show_save_and_add_another"] = context["show_save_and_continue"] = context["show_delete"] = (
            False
        )
        if token is not None:
            fault = token.fault_at(timezone.now())
            context["state"] = dict(zip(("tone", "words"), _SAID[fault], strict=True))
            context["ways"] = self._ways(request, token, is_good=not fault)
            if not self.written(request, token):
                context["show_save"] = False
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def save_model(self, request: Any, obj: ApiToken, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Make the person's token, or change what they may of one."""
        asked, actor = form.cleaned_data, Actor.user(request.user.pk)
        if change:
            written = {one: "allowed_networks" if one == "networks" else one for one in form.changed_data}
            change_token(
                actor=actor, token=obj, changes={column: asked[name] for name, column in written.items()}
            )
            return
        now = timezone.now()
        request.issued = issue_token(
            actor=actor,
            user=request.user,
            name=obj.name,
            tenant=self.place_of(request) or asked["tenant"],
            privileges=[privilege.code for privilege in asked["granted"]],
            may_write=obj.may_write,
            allowed_networks=asked["networks"],
            expires_at=now + asked["lifetime"],
            now=now,
            token_id=asked["token_id"],
        )
        obj.pk = request.issued.token.pk

    def response_add(self, request: Any, obj: ApiToken, post_url_continue: Any = None) -> HttpResponse:  # noqa: ARG002 -- Django's
        """Show the new token, this once."""
        return self._secret_page(request, request.issued.token, request.issued.text, "is made")

    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how long the earlier secret stays good, and show the new one once."""
        self.require_some(request, "change")
        token = self._found(request, object_id)
        if token.user_id != request.user.pk:
            raise PermissionDenied("A token is rotated by its owner: the new secret would act as them.")
        return self.performed(request, lambda: self._rotation(request, token))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002 -- Django's
        """Show what revoking a token stops, and revoke once that was confirmed."""
        self.require_some(request, "delete")
        token = self._found(request, object_id)
        return self.performed(request, lambda: self._revocation(request, [token], self._page_of(token)))

    @admin.action(description="Revoke…", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Show what revoking the tokens stops, and revoke once that was confirmed."""
        tokens = list(queryset.order_by("name", "pk")[: REVOKED_MAX + 1])
        if len(tokens) > REVOKED_MAX:
            messages.error(request, f"Choose at most {REVOKED_MAX} tokens at a time.")
            return None
        return self._revocation(request, tokens, request.get_full_path())

    @display(description="state", label=dict(STATES.values()))  # type: ignore[untyped-decorator]
    def state(self, token: ApiToken) -> str:
        """Show as a coloured word whether the token is good now."""
        return STATES[token.fault_at(timezone.now())][0]

    @admin.display(description="last used", ordering="use__last_used_at")
    def last_used(self, token: ApiToken) -> Any:
        """Return when a program last used the token."""
        return token.use.last_used_at if hasattr(token, "use") else None

    @admin.display(description="privileges")
    def held(self, token: ApiToken) -> str:
        """List the privileges."""
        return ", ".join(sorted(privilege.code for privilege in token.privileges.all())) or "—"

    @admin.display(description="earlier secret until")
    def overlap_until(self, token: ApiToken) -> Any:
        """Return until when the secret before the last rotation is good."""
        return token.previous_until

    @admin.display(description="networks")
    def listed_networks(self, token: ApiToken) -> str:
        """List the networks."""
        return ", ".join(token.allowed_networks) or "from anywhere"

    @admin.display(description="calls in the last 30 days")
    def usage(self, token: ApiToken) -> SafeString:
        """Show the calls of the last days."""
        usage = usage_of_token(token, now=timezone.now())
        most = max(one.count for one in usage.days) or 1
        bars = [(one, 100 * one.answered / most, 100 * one.refused_count / most) for one in usage.days]
        return render_to_string(f"{TEMPLATES}/usage.html", {"usage": usage, "bars": bars})

    def _ways(self, request: HttpRequest, token: ApiToken, *, is_good: bool) -> dict[str, str]:
        """Return the addresses that the token's page leads to, those that the person may follow."""
        if not self.has_change_permission(request, token):
            return {}
        ways = {"revoke": self._address("delete", token)}
        if is_good and token.user_id == request.user.pk:
            ways["rotate"] = self._address("rotate", token)
        return ways

    def _rotation(self, request: HttpRequest, token: ApiToken) -> HttpResponse:
        form = RotationForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            shown = {
                "title": f"Rotate {token.name}?",
                "form": form,
                "original": token,
                "back": self._page_of(token),
            }
            return self._page(request, "rotation", shown)

        def check(current: ApiToken) -> None:
            if request.POST.get(ROW_VERSION_FIELD, "") != str(current.row_version):
                raise ValidationError(CHANGED_MEANWHILE, code="conflict")

        overlap: timedelta = form.cleaned_data["overlap"]
        actor = Actor.user(request.user.pk)  # type: ignore[arg-type]  # somebody is signed in
        text = rotate_token(actor=actor, token=token, overlap=overlap, now=timezone.now(), check=check)
        return self._secret_page(request, token, text, "has a new secret", overlap=overlap)

    def _revocation(self, request: HttpRequest, tokens: list[ApiToken], back: str) -> HttpResponse:
        tokens = [token for token in tokens if token.revoked_at is None]
        if not tokens:
            messages.error(request, "Nothing of this is in force: it was revoked already.")
            return redirect(back)
        form = RevocationForm(request.POST if "asked" in request.POST else None)
        if not form.is_valid():
            listed = [(token, self.last_used(token)) for token in tokens]
            named = tokens[0].name if len(tokens) == 1 else f"{len(tokens)} tokens"
            shown = {"title": f"Revoke {named}?", "form": form, "listed": listed, "back": back}
            return self._page(request, "revocation", shown)
        actor = Actor.user(request.user.pk)  # type: ignore[arg-type]  # somebody is signed in
        for token in sorted(tokens, key=lambda one: one.pk):
            revoke_token(actor=actor, token=token, now=timezone.now())
        messages.success(request, f"{len(tokens)} revoked.")
        return redirect(back)

    def _secret_page(
        self, request: HttpRequest, token: ApiToken, text: str, said: str, overlap: timedelta | None = None
    ) -> HttpResponse:
        shown = {
            "title": f"{token.name} {said}",
            "token": token,
            "text": text,
            "overlap_hours": None if overlap is None else overlap // timedelta(hours=1),
            "back": self._page_of(token),
        }
        response = self._page(request, "secret", shown)
        response["Cache-Control"] = "no-store"
        return response

    def _page(self, request: HttpRequest, name: str, shown: dict[str, Any]) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **shown}
        return TemplateResponse(request, f"{TEMPLATES}/{name}.html", context)

    def _found(self, request: HttpRequest, object_id: str) -> ApiToken:
        token: ApiToken | None = self.get_object(request, object_id)
        if token is None:
            raise Http404
        return token

    def _page_of(self, token: ApiToken) -> str:
        return self._address("change", token)

    def _address(self, page: str, token: ApiToken) -> str:
        return reverse(f"{self.admin_site.name}:identity_apitoken_{page}", args=[token.pk])


class TenantTokenAdmin(ApiTokenAdmin):
    """The tokens that are bound to one tenant, on its own site."""

    list_display = tuple(name for name in ApiTokenAdmin.list_display if name != "tenant")
    search_fields = ("name", "key_id", "user__email")
    made_of = tuple(name for name in ApiTokenAdmin.made_of if name != "tenant")
    shown = tuple(name for name in ApiTokenAdmin.shown if name != "tenant")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Return the tenant's tokens."""
        rows: QuerySet[ApiToken] = super().get_queryset(request)
        return rows.filter(tenant=self.place_of(request))
