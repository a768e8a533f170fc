import pytest

from tests.directory.rest.calling import Api, problem_of

PATHS = [
    "directory/participants",
    "directory/participants/par_" + "0" * 32,
    "resolve?type=bic&value=x",
    "nothing",
]


def same_but_for_the_request(one, other):
    left, right = problem_of(one), problem_of(other)
    for body in (left, right):
        del body["request_id"], body["instance"]
    return left == right and one.status_code == other.status_code


@pytest.mark.parametrize("slug", ["acme", "globex", "no-such-tenant"])
@pytest.mark.parametrize("path", PATHS[:3])
def test_without_a_credential_every_tenant_and_address_answers_alike(acme, globex, slug, path):
    response = Api(slug).get(path)
    assert problem_of(response)["code"] == "not_authenticated"
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["nonsense", "sbt_aaaaaaaaaaaa." + "x" * 46, "sbt_", "sbt_é"])
def test_a_wrong_token_is_refused_without_saying_why(acme, token):
    first, second = (Api(slug, token).get(PATHS[0]) for slug in ("acme", "no-such-tenant"))
    assert problem_of(first)["code"] == "token_invalid"
    assert same_but_for_the_request(first, second)


@pytest.mark.parametrize("path", PATHS[:3])
def test_a_token_of_another_tenant_learns_nothing_about_this_one(acme, make_api, path):
    foreign = make_api("globex", "directory.read", "directory.resolve")
    here, nowhere = (Api(slug, foreign.token).get(path) for slug in ("acme", "no-such-tenant"))
    assert (here.status_code, problem_of(here)["code"]) == (403, "tenant_mismatch")
    assert same_but_for_the_request(here, nowhere)


def test_an_unknown_host_is_a_421(acme_api):
    response = acme_api.client.get("/api/v1/resolve", headers={"Host": "nobody.example"})
    assert (response.status_code, problem_of(response)["code"]) == (421, "unknown_host")


def test_a_token_in_the_address_is_refused_and_not_repeated(acme_api):
    response = Api("acme").get("directory/participants", {"access_token": acme_api.token})
    assert response.status_code in (400, 401)
    assert acme_api.token not in response.content.decode()


def test_a_request_keeps_the_id_its_caller_gave(acme_api):
    given = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    assert acme_api.get("directory/participants", X_Request_ID=given)["X-Request-ID"] == given
    assert acme_api.get("directory/participants", X_Request_ID="mine")["X-Request-ID"] != "mine"


def test_every_answer_carries_the_headers_of_the_house(acme_api):
    for response in (
        acme_api.get("directory/participants"),
        acme_api.get("directory/nothing"),
        acme_api.get("resolve"),
    ):
        assert response["Cache-Control"] == "private, no-cache"
        assert {"Accept", "Authorization", "Cookie"} <= set(response["Vary"].split(", "))
        assert response["X-Content-Type-Options"] == "nosniff"


def test_the_document_needs_no_credential(acme):
    for path in ("/t/acme/api/schema/", "/api/schema/", "/t/acme/api/docs/", "/t/acme/api/redoc/"):
        assert Api("acme").get(path).status_code == 200
