"""Step 2: from the parties of a request to every identifier and participant that stands for them.

The rails' equivalences cost nothing; stored edges valid at the instant are followed breadth first,
``same_as`` both ways, ``translates_to`` and ``resolves_to`` forwards (the last to the participant alone, as its
own identifiers' rows do). An edge between participants is found by any identifier
of the near one, and leads to the far participant itself (it may have no identifier) and to each of its
identifiers. Confidence is multiplied along the path and the best path to each node is kept.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from directory.rails.kinds import Key
from directory.rails.registry import Registry
from directory.resolution.records import (
    CONFIDENTIAL,
    BlindIndex,
    Edge,
    Node,
    Party,
    Path,
    Ref,
    Request,
    Step,
    Window,
)

LARGEST_DEPTH = 3
MOST_NODES = 64

Paths = dict[Node, Path]


class EdgeStore(Protocol):
    """Where stored edges come from."""

    def edges(self, nodes: Sequence[Node], since: datetime) -> list[Edge]:
        """Return the edges at these nodes that hold at ``since`` or later, seen from these nodes."""


class Expander:
    """Expands many requests in as many look-ups as the deepest needs, at most ``LARGEST_DEPTH``."""

    def __init__(self, *, registry: Registry, blind: BlindIndex) -> None:
        self._registry = registry
        self._blind = blind

    def expand(
        self, asked: Sequence[tuple[Request, datetime]], store: EdgeStore
    ) -> tuple[list[Paths], list[list[Window]]]:
        """Return each request's best path to each node, and the windows of the edges looked at."""
        paths = [self._start(request.parties) for request, _ in asked]
        windows: list[list[Window]] = [[] for _ in asked]
        frontiers: list[Paths] = [dict(start) for start in paths]
        for _ in range(LARGEST_DEPTH):
            nodes = sorted({node for frontier in frontiers for node in frontier}, key=node_order)
            if not nodes:
                break
            edges = store.edges(nodes, min(instant for _, instant in asked))
            by_node: dict[Node, list[Edge]] = {}
            for edge in edges:
                by_node.setdefault(edge.near, []).append(edge)
            for index, (_, instant) in enumerate(asked):
                near = [edge for node in frontiers[index] for edge in by_node.get(node, ())]
                windows[index] += [edge.window for edge in near]
                frontiers[index] = self._walk(paths[index], frontiers[index], near, instant)
        return paths, windows

    def _start(self, parties: Iterable[Party]) -> Paths:
        paths: Paths = {}
        for party in parties:
            tier = party.tier
            key = party.key if tier < CONFIDENTIAL else self._sealed(party.key)
            self._offer(paths, key, Path(party))
        return paths

    def _sealed(self, key: Key) -> Key:
        return Key(key.type, key.scope, self._blind(key.type, key.scope, key.normalized))

    def _walk(self, paths: Paths, frontier: Paths, edges: Iterable[Edge], instant: datetime) -> Paths:
        """Follow edges from the frontier as it was, and return the nodes that were found or found better."""
        steps = [
            (edge.far, _extend(frontier[edge.near], edge, self._registry))
            for edge in edges
            if edge.window.holds(instant)
        ]
        fresh: Paths = {}
        for far, path in sorted(steps, key=lambda step: (path_order(step[1]), node_order(step[0]))):
            fresh |= self._offer(paths, far, path)
        return fresh

    def _offer(self, paths: Paths, node: Node, path: Path) -> Paths:
        """Keep a path to a node and its equivalents where it is the best so far; return those nodes."""
        fresh: Paths = {}
        twins = self._registry.equivalents(*node_columns(node)) if isinstance(node, Key) else []
        for same in (node, *twins):
            known = paths.get(same)
            if known is None and len(paths) >= MOST_NODES:
                continue
            if known is None or path_order(path) < path_order(known):
                paths[same] = fresh[same] = path
        return fresh


def _extend(path: Path, edge: Edge, registry: Registry) -> Path:
    hidden = (
        isinstance(edge.far, Key) and registry.get(edge.far.type).tier_for(edge.far.scope) >= CONFIDENTIAL
    )
    step = Step(edge.relation, edge.source, edge.confidence, edge.window, edge.far, hidden)
    return Path(path.party, path.confidence * edge.confidence, (*path.steps, step))


def node_columns(key: Key) -> tuple[str, str, str]:
    """Return a key as the registry's look-ups take it."""
    return key.type, key.scope, key.normalized


def node_order(node: Node) -> tuple[Any, ...]:
    """Return what nodes are sorted by: keys before participants."""
    if isinstance(node, Ref):
        return (1, node.directory, str(node.id), "")
    return (0, *node)


def path_order(path: Path) -> tuple[Any, ...]:
    """Return what paths are sorted by, the best first: confidence, length, and then a fixed order."""
    steps = tuple(
        (step.relation, step.source, *_window_order(step.window), *node_order(step.far))
        for step in path.steps
    )
    return (-path.confidence, len(path.steps), path.party, steps)


def _window_order(window: Window) -> tuple[str, str]:
    start, end = (moment.isoformat() if moment else "" for moment in window)
    return start, end
