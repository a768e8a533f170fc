"""Eight writers of one tenant beside its imports, and operations over many tenants crosswise.

Every write that was acknowledged is there, each with its event; chains verify without a gap; nothing deadlocks.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from audit.chain import verify
from audit.models import AuditEvent
from audit.operations import lock_chains
from config.foundation.actor import Actor, acting
from config.foundation.display_ids import display_id, parse_display_id
from config.foundation.errors import Refused
from config.foundation.rows import TenantRow, public_schema
from customers.identity.enums import UserStatus
from customers.identity.models import Role
from customers.identity.operations import Mapping, map_people, move_user
from customers.tenants.enums import TenantStatus
from customers.tenants.models import Tenant
from customers.tenants.operations import (
    create_tenant,
    delete_tenant,
    move_tenant,
    restore_tenant,
    set_tenant_status,
    update_tenant,
)
from directory.connectors.base import run_import
from directory.connectors.bic import BicConnector
from directory.enums import ArtifactKind, EdgeRelation, NodeType, RunState
from directory.models import (
    Capability,
    Edge,
    Endpoint,
    Identifier,
    Participant,
    PrefixRule,
    RoutingArtifact,
    SourceRun,
)
from directory.operations import change_row, delete_row, save_row
from directory.rest.resources import RESOURCES
from tests import cast
from tests.directory.rest.calling import Api
from tests.together import count_deadlocks, run_in_line, run_together

pytestmark = pytest.mark.race
ACTOR = Actor.system("writers")
TURNS = 4
BANKS = 120
NODES: dict[str, type[TenantRow]] = {NodeType.PARTICIPANT: Participant, NodeType.IDENTIFIER: Identifier}


class Hand(Protocol):
    """A way to write rows: by the API, or by the operations; a refusal is raised."""

    def create(self, model: type[TenantRow], values: dict[str, Any]) -> UUID: ...

    def change(self, model: type[TenantRow], pk: UUID, values: dict[str, Any]) -> None: ...

    def delete(self, model: type[TenantRow], pk: UUID) -> None: ...


class ApiHand:
    """Writes over HTTP with a token."""

    def __init__(self, slug: str) -> None:
        token = cast.make_token(slug, "directory.read", "directory.manage", may_write=True)
        self.api = Api(slug, token)

    def create(self, model: type[TenantRow], values: dict[str, Any]) -> UUID:
        answer = self._send("POST", self._table(model), self._body(model, values), 201)
        pk = parse_display_id(model.display_prefix, answer.json()["id"])
        assert pk is not None
        return pk

    def change(self, model: type[TenantRow], pk: UUID, values: dict[str, Any]) -> None:
        path = f"{self._table(model)}/{display_id(model.display_prefix, pk)}"
        self._send("PATCH", path, self._body(model, values), 200)

    def delete(self, model: type[TenantRow], pk: UUID) -> None:
        self._send("DELETE", f"{self._table(model)}/{display_id(model.display_prefix, pk)}", None, 204)

    def _send(self, method: str, path: str, body: Any, status: int) -> Any:
        answer = self.api.send(method, f"directory/{path}", body)
        assert answer.status_code == status, answer.content
        return answer

    def _table(self, model: type[TenantRow]) -> str:
        return next(one.plural.replace(" ", "-") for one in RESOURCES if one.model is model)

    def _body(self, model: type[TenantRow], values: dict[str, Any]) -> dict[str, Any]:
        return {name: self._shown(model, name, value, values) for name, value in values.items()}

    def _shown(self, model: type[TenantRow], name: str, value: Any, values: dict[str, Any]) -> Any:
        if not isinstance(value, UUID):
            return value
        if model is Edge:
            return display_id(NODES[values[name.replace("_id", "_type")]].display_prefix, value)
        target: Any = model._meta.get_field(name.removesuffix("_id")).related_model
        return display_id(target.display_prefix, value)


class OperationHand:
    """Writes by the operations, as commands do."""

    def __init__(self, slug: str) -> None:
        self.slug = slug

    def create(self, model: type[TenantRow], values: dict[str, Any]) -> UUID:
        with cast.tenant(self.slug):  # no two threads share one
            return save_row(actor=ACTOR, row=model(**values)).pk

    def change(self, model: type[TenantRow], pk: UUID, values: dict[str, Any]) -> None:
        with cast.tenant(self.slug):  # no two threads share one
            change_row(actor=ACTOR, model=model, row_id=pk, changes=values)

    def delete(self, model: type[TenantRow], pk: UUID) -> None:
        with cast.tenant(self.slug):  # no two threads share one
            row: Any = model
            delete_row(actor=ACTOR, row=row(pk=pk))


class Writer:
    """Writes rows of each kind, and notes what was acknowledged: the events, and the version of what is left."""

    def __init__(self, number: int, hand: Hand, shared: UUID) -> None:
        self.number, self.hand, self.shared = number, hand, shared
        self.events: Counter[tuple[UUID, str]] = Counter()
        self.versions: dict[tuple[type[TenantRow], UUID], int] = {}

    def write(self) -> None:
        for turn in range(TURNS):
            self.write_bank(f"{self.number}-{turn}", is_kept=turn % 2 == 0)

    def write_bank(self, name: str, *, is_kept: bool) -> None:
        bank = self.create(Participant, name=f"Bank {name}")
        self.create(Identifier, participant_id=bank, identifier_type="bic", value="BANKUS33")
        address = f"https://as4.example/{name}"
        endpoint = self.create(Endpoint, participant_id=bank, protocol="as4", address=address)
        capability = self.create(Capability, participant_id=bank, endpoint_id=endpoint, service="a")
        self.create(
            Edge, from_type=NodeType.PARTICIPANT, from_id=bank, to_type=NodeType.PARTICIPANT, to_id=self.shared,
            relation=EdgeRelation.SAME_AS,
        )  # fmt: skip
        table = self.create(RoutingArtifact, kind=ArtifactKind.BIN_TABLE, name=name)
        rule = self.create(PrefixRule, artifact_id=table, prefix="411111", participant_id=self.shared)
        self.change(Participant, self.shared, notes=name)
        self.change(Endpoint, endpoint, priority=7)
        self.change(PrefixRule, rule, priority=7)
        self.delete(Capability, capability)
        if not is_kept:
            self.delete(PrefixRule, rule)
            self.delete(RoutingArtifact, table)
            self.delete(Participant, bank)

    def create(self, model: type[TenantRow], **values: Any) -> UUID:
        pk = self.hand.create(model, values)
        self.events[pk, "create"] += 1
        self.versions[model, pk] = 1
        return pk

    def change(self, model: type[TenantRow], pk: UUID, **values: Any) -> None:
        self.hand.change(model, pk, values)
        self.events[pk, "update"] += 1
        if pk != self.shared:
            self.versions[model, pk] += 1

    def delete(self, model: type[TenantRow], pk: UUID) -> None:
        self.hand.delete(model, pk)
        parts = {
            (part, key) for part, key in self.versions if model is Participant and self._is_of(part, key)
        }
        for gone in {(model, pk), *parts}:
            del self.versions[gone]
            self.events[gone[1], "delete"] += 1

    def _is_of(self, part: type[TenantRow], key: UUID) -> bool:
        """Tell whether a row went with the participant that was just deleted: it is the only one that can be gone."""
        if part not in (Identifier, Endpoint):
            return False
        with cast.tenant("acme"):
            return not part.objects.filter(pk=key).exists()


@pytest.fixture
def banks(tmp_path: Path) -> Iterator[Path]:
    """Yield files of banks: each holds half of what the one before held, and as many others."""

    def write() -> Iterator[Path]:
        for turn in range(10):
            first = turn * BANKS // 2
            entries = [
                {
                    "country_code": "SE",
                    "bic": f"B{_letters(n)}SESS",
                    "bank_code": f"{n:04}",
                    "name": f"Bank {n}",
                }
                for n in range(first, first + BANKS)
            ]
            path = tmp_path / f"{turn}.json"
            path.write_text(json.dumps(entries))
            yield path

    return write()


def _letters(number: int) -> str:
    return "".join(chr(65 + number // 26**place % 26) for place in (2, 1, 0))


def import_banks(slug: str, *files: Path) -> None:
    """Import files into a tenant's directory, one after another."""
    with cast.tenant(slug):
        for file in files:
            run_import(actor=ACTOR, connector=BicConnector(file), now=timezone.now())


def expect_none_raised(results: list[Any]) -> None:
    for result in results:
        if isinstance(result, Exception):
            raise result


def expect_whole_chains() -> None:
    """Check that every schema's chain verifies, counts without a gap, and has nothing left to be sealed."""
    with public_schema():
        schemas = list(Tenant.objects.order_by("pk").values_list("schema_name", flat=True))
    for schema in schemas:
        result = verify(schema)
        assert result.flaw is None, schema
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*), coalesce(max(id), 0) FROM "{schema}".audit_event WHERE id > 0')
            assert cursor.fetchone() == (result.last_id, result.last_id), schema
            cursor.execute(f'SELECT count(*) FROM "{schema}".audit_pending')
            assert cursor.fetchone() == (0,), schema


@pytest.mark.usefixtures("committed")
def test_what_eight_writers_and_two_imports_were_told_is_there(banks: Iterator[Path]) -> None:
    shared = OperationHand("acme").create(Participant, {"name": "Shared"})
    hands: Iterator[Callable[[str], Hand]] = cycle([ApiHand, OperationHand])
    writers = [Writer(number, next(hands)("acme"), shared) for number in range(8)]
    files = [next(banks), next(banks)]
    results = run_together(
        *[writer.write for writer in writers],
        partial(import_banks, "acme", *files),
        partial(call_command, "import_bic", file=files[0], stdout=StringIO()),
    )
    expect_none_raised(results)
    assert count_deadlocks() == 0
    with cast.tenant("acme"):
        for writer in writers:
            for (model, pk), version in writer.versions.items():
                assert model.objects.values_list("row_version", flat=True).get(pk=pk) == version
        told = sum((writer.events for writer in writers), Counter({(shared, "create"): 1}))
        keys = {str(pk) for pk, _ in told}
        events = AuditEvent.objects.filter(resource_id__in=keys).values_list("resource_id", "action")
        assert Counter((UUID(key), action) for key, action in events) == told
        assert Participant.objects.get(pk=shared).row_version == 1 + 8 * TURNS
        assert Participant.objects.filter(source="bic", superseded_at=None).count() == BANKS
        assert set(SourceRun.objects.values_list("state", flat=True)) == {RunState.SUCCEEDED}
    expect_whole_chains()


@pytest.mark.usefixtures("committed")
def test_rows_are_imported_again_while_others_change_and_delete_them(banks: Iterator[Path]) -> None:
    files = [next(banks), next(banks), next(banks)]
    import_banks("acme", files[0])
    with cast.tenant("acme"):
        parties = list(Participant.objects.order_by("external_id"))
        names = list(Identifier.objects.order_by("external_id", "pk"))
    acme = OperationHand("acme")

    def delete() -> None:
        for party in parties[::3]:
            acme.delete(Participant, party.pk)

    def delete_names() -> None:
        for name in names[1::9]:
            repeat(1, partial(acme.delete, Identifier, name.pk), allowed=("not_found",))

    def change() -> None:
        for party in parties[1::3]:
            acme.change(Participant, party.pk, {"notes": "x"})

    def change_names() -> None:
        for name in names[::-1]:
            repeat(1, partial(acme.change, Identifier, name.pk, {"priority": 7}), allowed=("not_found",))

    results = run_together(
        partial(import_banks, "acme", *files[1:], files[0]), delete, delete_names, change, change_names
    )
    expect_none_raised(results)
    assert count_deadlocks() == 0
    with cast.tenant("acme"):
        assert Participant.objects.filter(notes="x").count() == len(parties[1::3])
        assert set(SourceRun.objects.values_list("state", flat=True)) == {RunState.SUCCEEDED}
    expect_whole_chains()


@pytest.mark.usefixtures("committed")
def test_an_import_that_brings_names_back_and_a_deletion_of_their_bank_wait_in_one_order(
    tmp_path: Path,
) -> None:
    files = []
    for turn, codes in enumerate(
        (["1"], ["3"], ["1", "2", "3"])
    ):  # code 1 goes, then comes back beside a new one
        entries = [
            {"country_code": "SE", "bic": "NDEASESS", "bank_code": code, "name": "Nordea"} for code in codes
        ]
        files.append(tmp_path / f"{turn}.json")
        files[-1].write_text(json.dumps(entries))
    import_banks("acme", *files[:2])
    with cast.tenant("acme"):
        (bank,) = Participant.objects.all()
    first, second = run_in_line(
        _holding_name("1"),
        partial(import_banks, "acme", files[2]),
        partial(OperationHand("acme").delete, Participant, bank.pk),
    )
    expect_none_raised([first, second])
    assert count_deadlocks() == 0
    with cast.tenant("acme"):
        assert not Participant.objects.exists()


@contextmanager
def _holding_name(code: str) -> Iterator[None]:
    with cast.tenant("acme"), acting(ACTOR):
        Identifier.objects.select_for_update().get(identifier_type="bank.code", value=code)
        yield


def repeat(times: int, *acts: Callable[[], Any], allowed: tuple[str, ...] = ()) -> None:
    """Run acts in turn, so many times; only these refusals are part of the game."""
    for _ in range(times):
        for act in acts:
            try:
                act()
            except Refused as refusal:
                if refusal.code not in allowed:
                    raise


def write_both(slugs: list[str]) -> None:
    """Write into both tenants' directories in this order, as one transaction of two chains."""
    tenants = [cast.tenant(slug) for slug in slugs]
    with acting(ACTOR):
        lock_chains([tenant.schema_name for tenant in tenants])
        for tenant in tenants:
            with tenant:
                save_row(actor=ACTOR, row=Participant(name="Of both"))


def live_and_die(slug: str) -> None:
    """Make a tenant, delete it, restore it, delete it again."""
    tenant = create_tenant(actor=ACTOR, slug=slug, name=slug, owner=cast.user("outsider"))
    for act in (delete_tenant, restore_tenant, delete_tenant):
        act(actor=ACTOR, tenant=tenant, now=timezone.now())


def move(slug: str, parent: str | None) -> None:
    move_tenant(actor=ACTOR, tenant=cast.tenant(slug), parent=cast.tenant(parent) if parent else None)


def put(slug: str, status: TenantStatus) -> None:
    set_tenant_status(actor=ACTOR, tenant=cast.tenant(slug), status=status)


def map_all(slug: str, names: list[str]) -> None:
    role = Role.objects.get(tenant=None, code="owner")
    mappings = [Mapping(cast.user(name), (role,)) for name in names]
    mapped = map_people(actor=ACTOR, tenant=cast.tenant(slug), mappings=mappings)
    assert {one.status for one in mapped} <= {"created", "updated"}


def stop_and_start(name: str) -> None:
    for status in (UserStatus.INACTIVE, UserStatus.ACTIVE):
        move_user(actor=ACTOR, user=cast.user(name), status=status)


@pytest.mark.usefixtures("committed")
def test_operations_over_many_tenants_run_crosswise_without_a_deadlock(banks: Iterator[Path]) -> None:
    files, people = [next(banks), next(banks)], ["clerk", "outsider", "operator"]
    there = ["acme", "globex"]
    hand = OperationHand("globex")
    party = hand.create(Participant, {"name": "Shared"})
    tree = ("tenant_cycle", "parent_unavailable")
    states = (TenantStatus.INACTIVE, TenantStatus.ACTIVE)
    results = run_together(
        partial(repeat, 10, partial(write_both, there)),
        partial(repeat, 10, partial(write_both, there[::-1])),
        partial(repeat, 1, partial(live_and_die, "initech")),
        partial(repeat, 1, partial(live_and_die, "hooli")),
        partial(repeat, 8, *[partial(move, *pair) for pair in (("acme", "globex"), ("acme", None))], allowed=tree),
        partial(repeat, 8, *[partial(move, *pair) for pair in (("globex", "acme"), ("globex", None))], allowed=tree),
        partial(repeat, 8, *[partial(put, "globex", status) for status in states]),
        partial(repeat, 20, lambda: hand.change(Participant, party, {"notes": str(time.monotonic())})),
        partial(repeat, 5, partial(map_all, "acme", people)),
        partial(repeat, 5, partial(map_all, "globex", people[::-1])),
        partial(repeat, 5, partial(stop_and_start, "outsider"), allowed=("last_owner",)),
        partial(repeat, 8, lambda: update_tenant(actor=ACTOR, tenant=cast.tenant("acme"), description="x")),
        partial(import_banks, "acme", *files),
        partial(import_banks, "globex", *files),
    )  # fmt: skip
    expect_none_raised(results)
    assert count_deadlocks() == 0
    for slug in there:
        with cast.tenant(slug):
            assert Participant.objects.filter(name="Of both").count() == 20
            assert Participant.objects.filter(source="bic", superseded_at=None).count() == BANKS
    assert {cast.tenant(slug).status for slug in ("initech", "hooli")} == {TenantStatus.DELETED}
    expect_whole_chains()


@contextmanager
def _holding_tenant(slug: str) -> Iterator[None]:
    with acting(ACTOR):
        Tenant.objects.select_for_update().get(slug=slug)
        yield


@pytest.mark.usefixtures("committed")
def test_a_move_leaves_a_tenant_as_closed_as_it_was_meanwhile() -> None:
    results = run_in_line(
        _holding_tenant("acme"),
        partial(put, "acme", TenantStatus.INACTIVE),
        partial(move, "acme", "globex"),
    )
    expect_none_raised(results)
    acme = cast.tenant("acme")
    assert (acme.status, acme.parent, acme.depth) == (TenantStatus.INACTIVE, cast.tenant("globex"), 2)


@pytest.mark.usefixtures("committed")
def test_a_move_and_the_stop_of_an_owner_of_several_tenants_wait_in_one_order() -> None:
    first, second = sorted(["acme", "globex"], key=lambda slug: cast.tenant(slug).pk)
    for slug in (first, second):
        map_all(slug, ["outsider", "clerk"])
    move(first, second)  # so that a move of the second writes it before the first
    results = run_in_line(
        _holding_tenant(first),
        partial(stop_and_start, "outsider"),
        partial(move, second, None),
    )
    expect_none_raised(results)
    assert count_deadlocks() == 0


@pytest.mark.usefixtures("committed")
def test_nobody_writes_in_a_tenant_that_was_closed_before_they_asked() -> None:
    hand = ApiHand("acme")
    calls: list[tuple[float, int]] = []
    closings: list[tuple[float, float]] = []

    def close_and_open() -> None:
        for _ in range(8):
            put("acme", TenantStatus.INACTIVE)
            closed = time.monotonic()
            time.sleep(0.1)
            closings.append((closed, time.monotonic()))
            put("acme", TenantStatus.ACTIVE)
            time.sleep(0.05)

    def write() -> None:
        for turn in range(30):
            asked = time.monotonic()
            answer = hand.api.send("POST", "directory/participants", {"name": str(turn)})
            calls.append((asked, answer.status_code))
            answered.append(time.monotonic())

    answered: list[float] = []
    expect_none_raised(run_together(close_and_open, write))
    assert {status for _, status in calls} == {201, 403}
    for (asked, status), done in zip(calls, answered, strict=True):
        if any(closed < asked and done < opened for closed, opened in closings):
            assert status == 403
    with cast.tenant("acme"):
        assert Participant.objects.count() == [status for _, status in calls].count(201)
    expect_whole_chains()
