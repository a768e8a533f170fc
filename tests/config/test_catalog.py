import json

import pytest
from django.test import Client
from django.utils import timezone

from customers.tenants.models import Domain

PATH = "/.well-known/api-catalog"


@pytest.fixture
def own_host(acme):
    Domain.objects.create(tenant=acme, domain="bank.example", verified_at=timezone.now())


def call(path, host="localhost", **headers):
    return Client().get(path, headers={"Host": host, **headers})


@pytest.mark.parametrize(
    ("host", "prefix"), [("localhost", ""), ("localhost", "/t/acme"), ("bank.example", "")]
)
def test_a_host_or_tenant_lists_its_api_whose_addresses_all_answer_without_a_credential(
    own_host, host, prefix
):
    response = call(f"{prefix}{PATH}", host)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/linkset+json; profile=")
    assert response["Link"] == f'<http://{host}{prefix}{PATH}>; rel="api-catalog"'
    (api,) = json.loads(response.content)["linkset"]
    assert api.pop("anchor") == f"http://{host}{prefix}/api/v1/"
    assert {"service-desc", "service-doc", "status", "deprecation"} == api.keys()
    for one in [one for targets in api.values() for one in targets]:
        base, _, path = one["href"].partition("://")[2].partition("/")
        answer = call(f"/{path}", base.replace("localhost:8000", "localhost"))
        assert (one["href"], answer.status_code) == (one["href"], 200)
        assert answer["Content-Type"].startswith(one["type"])


def test_the_catalogue_of_a_tenants_host_is_of_the_tenants_api(own_host):
    (api,) = call(PATH, "bank.example").json()["linkset"]
    document = call(api["service-desc"][0]["href"].removeprefix("http://bank.example"), "bank.example").json()
    assert "/api/v1/resolve" in document["paths"]


@pytest.mark.django_db
def test_the_catalogue_is_held_by_its_tag_and_answers_head():
    response = call(PATH)
    again = call(PATH, **{"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = Client().head(PATH, headers={"Host": "localhost"})
    assert (head.status_code, head["Link"], head.content) == (200, response["Link"], b"")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "query", "status"), [("POST", "", 405), ("GET", "?formt=json", 400), ("GET", "?x=1&x=1", 400)]
)
def test_anything_else_is_refused(method, query, status):
    assert Client().generic(method, f"{PATH}{query}").status_code == status
