import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
APPS = {
    "audit/requests": set(),
    "audit": {"chain", "tree", "requests"},
    "customers/identity": {"tokens"},
    "customers/tenants": {"billing"},
    "directory": {"rails", "resolution", "connectors", "publishing"},
}
# A reader guesses the file from the question; a word that fits everything (utils, helpers) tells nothing.
VOCABULARY = {
    *(
        "models",
        "enums",
        "errors",
        "validators",
        "operations",
        "serializers",
        "forms",
        "rest",
        "admin",
        "management",
    ),
    *("apps", "migrations", "filters", "tasks", "resources", "presenters", "urls"),
}
BANNED = {
    "utils",
    "util",
    "common",
    "core",
    "helpers",
    "services",
    "selectors",
    "managers",
    "misc",
    "base_models",
}
EDGES = {"rest", "admin", "forms", "serializers", "filters", "management", "tasks"}
RULES = {"models", "operations", "enums", "errors", "validators", "rails", "resolution", "connectors"}
HTTP = re.compile(
    r"django\.(http|shortcuts|urls|views|forms|contrib\.(admin|messages))\b|rest_framework|drf_spectacular|unfold"
)


def modules(folder: Path) -> Iterator[Path]:
    for top in ("config", "audit", "customers", "directory", "providers"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if path.is_relative_to(folder) and "migrations" not in path.parts:
                yield path


def imports(path: Path) -> set[str]:
    """Return the dotted names that a module imports, at its top or anywhere within."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def app_of(dotted: str) -> str | None:
    slashed = dotted.replace(".", "/") + "/"
    return next((app for app in APPS if slashed.startswith(app + "/")), None)


def word_of(dotted: str, app: str) -> str:
    """Return the word of the vocabulary that a name lies in: ``customers.identity.rest.urls`` -> ``rest``."""
    return dotted.removeprefix(app.replace("/", ".")).strip(".").partition(".")[0]


def foreign_words() -> list[str]:
    found = []
    for app, own_words in APPS.items():
        children = {
            path.stem
            for path in (ROOT / app).iterdir()
            if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        found += [f"{app}/{word}" for word in sorted(children - {"__init__"} - VOCABULARY - own_words)]
    return found


def test_every_app_is_entered_here():
    apps = {path.parent.relative_to(ROOT).as_posix() for path in modules(ROOT) if path.name == "apps.py"}
    assert apps - {"config", "config/settings"} == set(APPS)


def test_the_modules_of_an_app_have_names_of_the_vocabulary():
    assert foreign_words() == []


def test_no_module_has_a_name_that_tells_nothing():
    assert [str(path) for path in modules(ROOT) if {path.stem, path.parent.name} & BANNED] == []


def test_no_app_imports_another_apps_edge():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for app in APPS
        for path in modules(ROOT / app)
        if app_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        == app  # and not of one inside of it
        for name in sorted(imports(path))
        if (other := app_of(name)) and other != app and word_of(name, other) in EDGES
    ]
    assert wrong == []


def test_no_app_and_not_the_foundation_import_the_composition_root():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for folder in (*APPS, "config/foundation")
        for path in modules(ROOT / folder)
        for name in sorted(imports(path))
        if name.partition(".")[0] == "config" and not f"{name}.".startswith("config.foundation.")
    ]
    assert wrong == []


def test_rules_know_no_http():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for app in APPS
        for path in modules(ROOT / app)
        if path.relative_to(ROOT / app).parts[0].removesuffix(".py") in RULES
        for name in sorted(imports(path))
        if HTTP.match(name)
    ]
    assert wrong == []
