"""How far expansion reaches, and which path it keeps."""

from directory.rails.kinds import Key
from directory.rails.registry import registry
from directory.resolution.expand import MOST_NODES, Expander
from directory.resolution.normalize import normalize
from tests.directory.resolution.building import NOW, add_party, blind, link
from tests.directory.resolution.memory_store import MemoryStore


def chain(count, links):
    store = MemoryStore()
    for number in range(count):
        add_party(store, f"n{number}", [("as4.partyId", f"p{number}", "urn:x")])
    store.links = [
        link(("participant", f"n{near}"), ("participant", f"n{far}"), confidence=confidence)
        for near, far, confidence in links
    ]
    return store


def reached(store):
    """Return the path to each party id found from the first."""
    body = {"identifiers": [{"type": "as4.partyId", "value": "p0", "scope": "urn:x"}]}
    request = normalize(body, registry=registry, tenant_names=())
    [paths], _ = Expander(registry=registry, blind=blind).expand([(request, NOW)], store)
    return {node.normalized: path for node, path in paths.items() if isinstance(node, Key)}, paths


def test_three_edges_are_followed_and_no_fourth():
    found, _ = reached(chain(6, [(n, n + 1, 0.5) for n in range(5)]))
    assert sorted(found) == ["p0", "p1", "p2", "p3"]
    assert found["p3"].confidence == 0.125


def test_a_cycle_ends():
    store = chain(3, [(0, 1, 1.0), (1, 2, 1.0), (2, 0, 1.0)])
    found, _ = reached(store)
    assert sorted(found) == ["p0", "p1", "p2"]
    assert found["p0"].steps == ()


def test_the_surer_path_is_kept_though_it_is_longer():
    found, _ = reached(chain(3, [(0, 2, 0.5), (0, 1, 0.9), (1, 2, 0.9)]))
    assert found["p2"].confidence == 0.81
    assert len(found["p2"].steps) == 2


def test_a_hub_is_cut_off_at_the_limit():
    _, paths = reached(chain(100, [(0, n, 0.9) for n in range(1, 100)]))
    assert len(paths) == MOST_NODES


def test_a_translation_is_followed_forwards_only():
    store = MemoryStore()
    for number in range(2):
        add_party(store, f"n{number}", [("as4.partyId", f"p{number}", "urn:x")])
    first, second = (("identifier", f"n{n}/as4.partyId/p{n}") for n in range(2))
    store.links = [link(first, second, relation="translates_to")]
    assert sorted(reached(store)[0]) == ["p0", "p1"]
    store.links = [link(second, first, relation="translates_to")]
    assert sorted(reached(store)[0]) == ["p0"]
