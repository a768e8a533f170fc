"""The nine steps composed: one request, or many at the price of about one.

The instant of a request (its ``asOf``, or now) is truncated to the minute, so that answers can be kept; where
a boundary (the end of a validity, a policy's hour) lies between the minute and the moment, the answer is made
anew from that boundary on.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from directory.rails.registry import Registry
from directory.rails.registry import registry as all_rails
from directory.resolution import capabilities, policies
from directory.resolution.assemble import Assembled, assemble, profile_of
from directory.resolution.cache import AnswerCache, CacheKey, canonical_request
from directory.resolution.documents import ResolveResponse
from directory.resolution.expand import Expander
from directory.resolution.levels import DEFAULT_ROUTES, LADDER, OVERRIDES, REORDERABLE, Found, Item
from directory.resolution.normalize import normalize
from directory.resolution.rank import compare, rank
from directory.resolution.records import (
    BlindIndex,
    Caller,
    Directory,
    InvalidRequest,
    Level,
    Policy,
    Request,
    ResolverSettings,
    Window,
)
from directory.resolution.retrieve import DirectoryStore
from directory.resolution.trace import Tried, evidence, explain, trace_entry

BUCKET_S = 60
MOST_READINGS = 3


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """Everything a resolution is given besides the request.

    Attributes:
        tenant: a stable name of the tenant, under which answers are kept (its schema).
        tenant_names: what a body's ``tenant`` may give: slug, display id, …
        now: an aware moment.
        blind: the blind index of the tenant's confidential identifiers.
        cache: where answers are kept; None keeps none.
    """

    tenant: str
    tenant_names: Collection[str]
    store: DirectoryStore
    now: datetime
    blind: BlindIndex
    caller: Caller = field(default_factory=Caller)
    settings: ResolverSettings = field(default_factory=ResolverSettings)
    cache: AnswerCache | None = None
    registry: Registry = all_rails


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the contract, and what its sender must know about it.

    Attributes:
        touches_confidential: an identifier of tier 2 or above was asked for or passed: audit it, keep it
        nowhere.
        valid_until: when the same request may be answered otherwise though nothing was changed; None never.
    """

    response: ResolveResponse
    touches_confidential: bool = False
    valid_until: datetime | None = None


def resolve(body: Any, *, context: ResolveContext) -> Answer:
    """Answer one request.

    Raises:
        InvalidRequest: with every fault, or TenantMismatch.
    """
    answer = resolve_many([body], context=context)[0]
    if isinstance(answer, InvalidRequest):
        raise answer
    return answer


def resolve_many(bodies: Sequence[Any], *, context: ResolveContext) -> list[Answer | InvalidRequest]:
    """Answer many requests, each with its answer or its faults, in order; equal ones only once."""
    read = [_read(body, context) for body in bodies]
    asked = {_key(one): one for one in read if isinstance(one, Request)}
    answers = _answer(asked, context) if asked else {}
    return [one if isinstance(one, InvalidRequest) else _addressed(answers[_key(one)], one) for one in read]


def _read(body: Any, context: ResolveContext) -> Request | InvalidRequest:
    try:
        return normalize(
            body,
            registry=context.registry,
            tenant_names=context.tenant_names,
            strict_check_digits=context.settings.strict_check_digits,
        )
    except InvalidRequest as fault:
        return fault


def _key(request: Request) -> Any:
    return canonical_request(request), request.as_of


def _addressed(answer: Answer, request: Request) -> Answer:
    """Return an answer with its request's correlation id, last, so that what is kept is the same for all."""
    response = answer.response.copy()
    if request.correlation_id is not None:
        response["correlationId"] = request.correlation_id
    return Answer(response, answer.touches_confidential, answer.valid_until)


class _Made(NamedTuple):
    """An answer made at an instant; ``boundary`` is the first later moment when it may differ."""

    response: ResolveResponse
    touches_confidential: bool
    boundary: datetime | None


def _answer(asked: dict[Any, Request], context: ResolveContext) -> dict[Any, Answer]:
    shelf = _Shelf(context, context.store.version())
    kept = {key: shelf.take(request) for key, request in asked.items()}
    answers = {key: answer for key, answer in kept.items() if answer is not None}
    missing = {key: request for key, request in asked.items() if key not in answers}
    return answers | _make(missing, shelf, context) if missing else answers


def _make(asked: dict[Any, Request], shelf: "_Shelf", context: ResolveContext) -> dict[Any, Answer]:
    """Answer from the rows of one version: what was read while the directory changed is read anew.

    From a directory that never rests the last reading is given, and kept by nobody.
    """
    for _ in range(MOST_READINGS):
        rules = context.store.policies()
        made = _read_down(asked, rules, shelf.version, context)
        version = context.store.version()
        is_whole = version == shelf.version
        if is_whole:
            break
        shelf = _Shelf(context, version)
    reads_caller = policies.reads_caller(rules)
    return {
        key: shelf.put(asked[key], *made[key], reads_caller=reads_caller, may_keep=is_whole) for key in asked
    }


def _read_down(
    asked: dict[Any, Request], rules: list[Policy], version: str, context: ResolveContext
) -> dict[Any, tuple["_Made", datetime]]:
    """Return what each request is answered, and the instant from which on it holds."""
    made: dict[Any, tuple[_Made, datetime]] = {}
    late = {key: _minute(_moment(request, context)) for key, request in asked.items()}
    while late:
        found = _Batch(context, version, rules).answer([(asked[key], late[key]) for key in late])
        made |= {key: (one, late[key]) for key, one in zip(late, found, strict=True)}
        boundaries = {key: one.boundary for key, one in zip(late, found, strict=True)}
        late = {
            key: boundary
            for key, boundary in boundaries.items()
            if boundary is not None and boundary <= _moment(asked[key], context)
        }
    return made


def _moment(request: Request, context: ResolveContext) -> datetime:
    return request.as_of or context.now


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


class _Shelf:
    """The answer cache, as one batch uses it: at one version, for one tenant and caller."""

    def __init__(self, context: ResolveContext, version: str) -> None:
        self._context = context
        self.version = version

    def take(self, request: Request) -> Answer | None:
        """Return an answer kept for this request, made for this caller or for any."""
        cache, context = self._context.cache, self._context
        if cache is None:
            return None
        for caller in (None, context.caller):
            kept = cache.get(self._key(request, caller), version=self.version, at=_moment(request, context))
            if kept is not None:
                return Answer(kept.response, valid_until=kept.until)
        return None

    def put(
        self, request: Request, made: _Made, instant: datetime, *, reads_caller: bool, may_keep: bool
    ) -> Answer:
        """Keep what was made, unless it is confidential, and return it."""
        until = _stable_until(instant, made.boundary, self._context.settings.default_ttl_s)
        cache = self._context.cache
        if cache is not None and may_keep and not made.touches_confidential:
            key = self._key(request, self._context.caller if reads_caller else None)
            cache.put(key, made.response, version=self.version, since=instant, until=until)
        return Answer(made.response, made.touches_confidential, until)

    def _key(self, request: Request, caller: Caller | None) -> CacheKey:
        return CacheKey(
            self._context.tenant, canonical_request(request), caller, repr(self._context.settings)
        )


def _stable_until(instant: datetime, boundary: datetime | None, default_ttl_s: int) -> datetime | None:
    """Return until when an answer stays the same; near a boundary its time to live shrinks by the minute."""
    if boundary is None:
        return None
    minute_ends = _minute(instant) + timedelta(seconds=BUCKET_S)
    return max(min(minute_ends, boundary), boundary - timedelta(seconds=default_ttl_s))


class _Batch:
    """Requests on their way down the ladder together; each level is looked up once for all that need it."""

    def __init__(self, context: ResolveContext, version: str, rules: list[Policy]) -> None:
        self._context = context
        self._version = version
        self._rules = rules

    def answer(self, asked: Sequence[tuple[Request, datetime]]) -> list[_Made]:
        """Return what is answered to each request at its instant."""
        context = self._context
        expander = Expander(registry=context.registry, blind=context.blind)
        paths, windows = expander.expand(asked, context.store)
        items = [
            Item(request, instant, found) for (request, instant), found in zip(asked, paths, strict=True)
        ]
        tried = self._descend(items)
        return [self._made(*one) for one in zip(items, tried, windows, strict=True)]

    def _descend(self, items: Sequence[Item]) -> list[list[Tried]]:
        orders = [self._order(item.request) for item in items]
        tried: list[list[Tried]] = [[] for _ in items]
        found: dict[Level, dict[int, Found]] = {}
        pending = list(range(len(items)))
        while pending:
            for index in pending:
                level = orders[index][len(tried[index])]
                if level not in found:
                    wanting = [i for i in pending if level in orders[i][len(tried[i]) :]]
                    found[level] = self._find(level, wanting, items)
                tried[index].append(self._filter(level, items[index], found[level].get(index)))
            pending = [i for i in pending if not tried[i][-1].assembled and len(tried[i]) < len(orders[i])]
        return tried

    def _order(self, request: Request) -> tuple[Level, ...]:
        """Return the levels in the order of the first party's rail; levels not named there come after."""
        named = self._context.settings.level_order.get(request.parties[0].rail, ())
        chosen = [Level(name) for name in named if name in REORDERABLE]
        middle = dict.fromkeys((*chosen, *REORDERABLE))
        return (OVERRIDES.level, *middle, DEFAULT_ROUTES.level)

    def _find(self, level: Level, wanting: Sequence[int], items: Sequence[Item]) -> dict[int, Found]:
        context = self._context
        if level is Level.DEFAULT_ROUTE and not context.settings.default_route:
            return {}
        found = LADDER[level].find([items[i] for i in wanting], context.store, context.registry)
        return dict(zip(wanting, found, strict=True))

    def _filter(self, level: Level, item: Item, found: Found | None) -> Tried:
        """Run steps 4 to 7 on what a level found: the tenant's rows, then the global ones."""
        if found is None:
            return Tried(LADDER[level], None, [], [])
        removed = list(found.removed)
        for directory in Directory:
            ours = [one for one in found.candidates if one.directory is directory]
            assembled, reasons = self._pass(ours, item)
            removed += reasons
            if assembled:
                return Tried(LADDER[level], found, removed, assembled)
        return Tried(LADDER[level], found, removed, [])

    def _pass(self, candidates: Sequence[Any], item: Item) -> tuple[list[Assembled], list[Any]]:
        context, request, instant = self._context, item.request, item.instant
        able, unable = capabilities.filter_candidates(
            candidates, request=request, instant=instant, registry=context.registry
        )
        allowed, denied = policies.filter_candidates(
            able,
            self._rules,
            request=request,
            caller=context.caller,
            settings=context.settings,
            instant=instant,
        )
        ordered, worse = rank(allowed, request)
        assembled, insecure = assemble(
            ordered,
            request=request,
            instant=instant,
            registry=context.registry,
            default_ttl_s=context.settings.default_ttl_s,
            decided_until=self._next_hour(instant),
        )
        return assembled, [*unable, *denied, *worse, *insecure]

    def _made(self, item: Item, tried: list[Tried], windows: Iterable[Window]) -> _Made:
        request, registry = item.request, self._context.registry
        assembled = tried[-1].assembled
        kept = assembled[: request.limit]
        response = self._response(item, tried, kept)
        if request.is_explained:
            response["explanation"] = explain(tried, item.paths, request.limit, registry)
        touches = any(path.is_confidential for path in item.paths.values())
        return _Made(response, touches, self._boundary(item, tried, windows))

    def _response(self, item: Item, tried: list[Tried], kept: Sequence[Assembled]) -> ResolveResponse:
        registry = self._context.registry
        directives = [one.directive for one in kept]
        response = ResolveResponse(
            alternates=[
                {"directive": one.directive, "reason": compare(kept[0].candidate, one.candidate)}
                for one in kept[1:]
            ],
            directives=directives,
            evidence=evidence(kept, tried, registry),
            resolution_trace=[trace_entry(level) for level in tried],
            directory_version=self._version,
        )
        if not kept:
            response["negative_cache_ttl"] = self._context.settings.negative_ttl_s
            return response
        profile = profile_of(kept[0].candidate, item.request, registry)
        if profile:
            response["failure_policy"] = profile.failure_policy
        return ResolveResponse(primary=directives[0], **response)

    def _boundary(self, item: Item, tried: Iterable[Tried], windows: Iterable[Window]) -> datetime | None:
        """Return the first moment after the instant at which anything that was looked at begins or ends."""
        looked_at = [window for level in tried if level.found for window in level.found.windows]
        moments = [moment for window in (*windows, *looked_at) for moment in window if moment is not None]
        most = item.request.constraints.max_stale_s
        if most is not None:
            found = [level.found for level in tried if level.found]
            aging = [
                one.freshness + timedelta(seconds=most, microseconds=1) for f in found for one in f.candidates
            ]
            moments += aging
        hour = self._next_hour(item.instant)
        moments += [hour] if hour else []
        return min((moment for moment in moments if moment > item.instant), default=None)

    def _next_hour(self, instant: datetime) -> datetime | None:
        return policies.next_hour(self._rules, instant, self._context.settings.time_zone)
