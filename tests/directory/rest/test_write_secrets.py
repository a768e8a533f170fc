"""A secret in any text of any table that is written: refused by its code, not repeated, and left nowhere."""

import base64
import json
import logging
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection

from config.foundation.keys import encrypt
from directory.models import Identifier, Participant
from tests.cast import make_token
from tests.directory.rest.calling import Api, places, problem_of
from tests.directory.rest.conftest import saved
from tests.directory.rest.writes import Table, Written, tables, written
from tests.roles import as_owner
from tests.sealing import seal

TABLES = pytest.mark.parametrize("table", tables(), ids=lambda table: table.path)
CARD = "4539578763621486"
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))
DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
SCALAR = base64.urlsafe_b64encode(bytes(range(100, 132))).decode().rstrip("=")
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SECRETS = {
    "a card number": ("possible_card_number", CARD, CARD),
    "a card number in groups": ("possible_card_number", f"no {CARD[:4]} 5787 6362 1486", "5787 6362"),
    "PEM": ("private_key_refused", PEM, PEM.splitlines()[1]),
    "DER in base64": (
        "private_key_refused",
        base64.b64encode(DER).decode(),
        base64.b64encode(DER).decode()[-40:],
    ),
    "DER in hex": ("private_key_refused", DER.hex(), DER.hex()[-40:]),
    "JWK": ("private_key_refused", json.dumps({"kty": "OKP", "crv": "Ed25519", "d": SCALAR}), SCALAR),
    "a sealed value": ("invalid", "enc1.1.c2VhbGVkLWVsc2V3aGVyZQ", "c2VhbGVkLWVsc2V3aGVyZQ"),
}
KINDS = pytest.mark.parametrize("kind", SECRETS)


@pytest.fixture
def world(acme) -> Written:
    api = Api(
        "acme", make_token("acme", "directory.read", "directory.manage", "view_confidential", may_write=True)
    )
    return written(api, acme)


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("django.db.backends")
    level, logger.level = (
        logger.level,
        logging.WARNING,
    )  # the statements of the framework's debug mode are no log
    yield caplog
    logger.level = level


def free(table: Table) -> list[tuple[str, str]]:
    """Return (name, type) of each column that takes any text, list of texts or JSON."""
    found = []
    for name, schema in table.fields.items():
        kinds = schema.get("type", ())
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        if "enum" in schema or "format" in schema or "pattern" in schema or name in ("from_id", "to_id"):
            continue
        for kind in ("object", "array", "string"):
            if kind in kinds:
                found.append((name, kind))
                break
    return found


def offered(kind: str, text: str) -> list[Any]:
    """Return a text in each way that a column of a type takes it."""
    if kind == "string":
        return [text]
    if kind == "array":
        return [["plain", text]]
    return [{"a": text}, {"a": [{"b": text}]}, {text: 1}]


def is_stored(world: Written, text: str) -> bool:
    """Tell whether any table of the tenant, or of the platform, holds a text, the audit chain included."""
    seal()
    hits = 0
    for schema in (world.tenant.schema_name, "public"):
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
                [schema],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(
                    f'SELECT count(*) FROM "{schema}"."{name}" t'
                    " WHERE position(%s in t::text) > 0 OR position(%s in t::text) > 0",
                    [text, text.encode().hex()],
                )
                hits += cursor.fetchone()[0]
    return hits > 0


@KINDS
@TABLES
def test_no_text_list_or_json_of_a_table_takes_a_secret(world, logged, table, kind):
    code, text, trace = SECRETS[kind]
    before, whole = world.stored(), world.body(table)
    columns = free(table)
    assert columns
    for name, column in columns:
        if code == "invalid" and column == "string" and table.fields[name].get("maxLength", 99) < len(text):
            continue  # refused for its length as well
        for value in offered(column, text):
            for method, path in (("POST", table.path), ("PATCH", world.row_path(table))):
                response = world.send(
                    method, path, whole | {name: value} if method == "POST" else {name: value}
                )
                assert response.status_code == 400, (name, value, response.content[:300])
                assert (f"#/{name}", code) in places(response), (name, value, places(response))
                assert trace not in response.content.decode(), (name, value)
    assert world.stored() == before
    assert trace not in logged.text
    assert not is_stored(world, trace)


def test_the_search_of_this_test_finds_what_is_stored(world):
    with world.tenant:
        saved(Participant(name="Fifteen Feathers"))
    assert is_stored(world, "Fifteen Feathers")


def test_a_number_in_json_is_looked_at_as_well(world):
    body = {"constraints_json": {"mpc": int(CARD)}}
    path = world.row_path(next(table for table in tables() if table.path.endswith("capabilities")))
    assert places(world.send("PATCH", path, body)) == [("#/constraints_json", "possible_card_number")]


def test_the_certificate_of_a_key_is_no_key(world):
    anchors = (
        "-----BEGIN CERTIFICATE-----\n" + base64.b64encode(DER).decode() + "\n-----END CERTIFICATE-----\n"
    )
    path = world.row_path(next(table for table in tables() if table.path.endswith("sources")))
    assert world.send("PATCH", path, {"trust_anchors": anchors}).status_code == 200


def test_a_value_sealed_by_another_row_is_not_opened_under_an_open_type(acme):
    api = Api("acme", make_token("acme", "directory.read", "directory.manage", may_write=True))
    with acme:
        shop = saved(Participant(name="Shop"))
        secret = saved(Identifier(participant=shop, identifier_type="mid", value="MERCHANT0000001"))
        other = saved(Identifier(participant=shop, identifier_type="as4.partyId", scope="ours", value="open"))
    elsewhere = encrypt("globex", "MERCHANT0000001")
    for value in (secret.value, f" {secret.value}", elsewhere):
        body = {
            "participant_id": shop.display_id,
            "identifier_type": "as4.partyId",
            "scope": "ours",
            "value": value,
        }
        response = api.post("directory/identifiers", body)
        assert places(response) == [("#/value", "invalid")]
        response = api.send("PATCH", f"directory/identifiers/{other.display_id}", {"value": value})
        assert places(response) == [("#/value", "invalid")]
        response = api.send("PATCH", f"directory/identifiers/{secret.display_id}", {"value": elsewhere})
        assert places(response) == [("#/value", "invalid")]
    kept = api.send("PATCH", f"directory/identifiers/{secret.display_id}", {"priority": 3})
    assert kept.status_code == 200, kept.content
    with acme:
        assert Identifier.objects.get(pk=other.pk).value == "open"
        assert Identifier.objects.get(pk=secret.pk).value == secret.value


def test_a_text_longer_than_its_column_is_refused_with_its_place(world):
    for table in tables():
        for name, _ in free(table):
            longest = table.fields[name].get("maxLength")
            if longest and longest < 100_000:
                response = world.send("PATCH", world.row_path(table), {name: "x" * (longest + 1)})
                assert problem_of(response)["status"] == 400
                assert f"#/{name}" in [place for place, _ in places(response)], (table.path, name)
