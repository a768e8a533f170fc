"""The test cluster, a database for each worker, and the cast."""

import fcntl
import os
from collections.abc import Callable, Iterator
from typing import IO, Any

import pytest
from django.conf import settings

from config import postgres
from tests import cast, database
from tests.directory.rest.calling import Api

# A browser's driver leaves its event loop running in the thread of the tests, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

_cluster: list[IO[str]] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster, once for all workers and all sessions that run at the same time."""
    if hasattr(config, "workerinput") or os.environ.get("DATABASE_URL"):
        return
    home = settings.POSTGRES_HOME
    home.mkdir(parents=True, exist_ok=True)
    users = (home / "sessions.lock").open("a")
    fcntl.flock(users, fcntl.LOCK_SH)
    _cluster.append(users)
    postgres.ensure(home, fast=True)
    database.drop_leftovers()


def pytest_unconfigure() -> None:
    """Stop the cluster, unless another session still uses it."""
    while _cluster:
        with _cluster.pop() as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            postgres.stop(settings.POSTGRES_HOME)


@pytest.fixture(scope="session")
def template_database(django_db_blocker: Any) -> str:
    """Name the database that holds all schemas and the cast."""
    with django_db_blocker.unblock():
        return database.template(cast.fill)


@pytest.fixture(scope="session")
def django_db_setup(template_database: str, django_db_blocker: Any) -> Iterator[None]:
    """Give this process a database of its own, copied from the template."""
    with (
        database.copied(template_database, database.own_name("worker")) as name,
        django_db_blocker.unblock(),
        database.using(name),
    ):
        yield


@pytest.fixture
def own_database(template_database: str) -> Iterator[str]:
    """Return how to reach a database that this test alone may commit to."""
    with database.copied(template_database, database.own_name("own")) as name:
        yield database.conninfo(name)


@pytest.fixture
def committed(template_database: str, django_db_blocker: Any) -> Iterator[None]:
    """Let the test commit, on both aliases, into a database of its own: for what a transaction cannot show."""
    with (
        database.copied(template_database, database.own_name("committed")) as name,
        django_db_blocker.unblock(),
        database.using(name),
    ):
        yield


@pytest.fixture
def acme(db: None) -> Any:
    """Return the bank's tenant; select it with ``with acme:``."""
    return cast.tenant("acme")


@pytest.fixture
def globex(db: None) -> Any:
    """Return the telecom's tenant."""
    return cast.tenant("globex")


@pytest.fixture
def operator(db: None) -> Any:
    """Return somebody who runs the platform (a superuser)."""
    return cast.user("operator")


@pytest.fixture
def clerk(db: None) -> Any:
    """Return an operator of the platform who is no superuser and belongs to no tenant."""
    return cast.user("clerk")


@pytest.fixture
def acme_admin(db: None) -> Any:
    """Return acme's owner."""
    return cast.user("acme_admin")


@pytest.fixture
def acme_member(db: None) -> Any:
    """Return a member of acme."""
    return cast.user("acme_member")


@pytest.fixture
def globex_admin(db: None) -> Any:
    """Return globex's owner."""
    return cast.user("globex_admin")


@pytest.fixture
def outsider(db: None) -> Any:
    """Return somebody who belongs to no tenant."""
    return cast.user("outsider")


@pytest.fixture
def make_token(db: None) -> Callable[..., str]:
    """Return a function that makes a token of a tenant's owner: ``make_token("acme", "directory.read")``."""
    return cast.make_token


@pytest.fixture
def make_api(make_token: Callable[..., str]) -> Callable[..., Api]:
    """Return a function that makes a caller of a tenant's API who holds these privileges."""

    def make(slug: str, *privileges: str) -> Api:
        return Api(slug, make_token(slug, *privileges))

    return make
