"""Addresses of tokens below ``/api/v1/``; without a trailing slash."""

from typing import Any

from django.urls import path

from customers.identity.rest.tokens import MyTokens, TenantTokens

_ONE: Any = {"get": "retrieve", "delete": "destroy"}

urlpatterns = [
    path("tokens", TenantTokens.as_view({"get": "list"}), name="token-list"),
    path("tokens/<str:id>", TenantTokens.as_view(_ONE), name="token-detail"),
    path("tokens/<str:id>/use", TenantTokens.as_view({"get": "use"}), name="token-use"),
]

platform_urlpatterns = [
    path("me/tokens", MyTokens.as_view({"get": "list", "post": "create"}), name="my-token-list"),
    path("me/tokens/<str:id>", MyTokens.as_view(_ONE | {"patch": "partial_update"}), name="my-token-detail"),
    path("me/tokens/<str:id>/rotate", MyTokens.as_view({"post": "rotate"}), name="my-token-rotate"),
    path("me/tokens/<str:id>/use", MyTokens.as_view({"get": "use"}), name="my-token-use"),
]
