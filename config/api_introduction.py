"""What stands at the beginning of the OpenAPI documents, in Markdown: how one calls, before what one may call."""

_SUBJECT = "Who the parties are, how each is reached on any rail, under whose rules, and why."

_CREDENTIAL = """
# The first token

Calls carry `Authorization: Bearer sbt_…`. A person makes the first token in the administration,
{administration}, under *API tokens*, where it is shown once; further ones there, or with it by `POST
/api/v1/me/tokens` of the platform. A token may do what its privileges say, of that what its person still may,
and changes something only with the write flag. A browser whose person is signed in needs none. Without either
are served: this document, `/problems`, `/deprecations` and `/.well-known/api-catalog`.
"""

_REFUSALS = """
# Refusals

What is refused is answered as `application/problem+json` (RFC 9457). `code` is the contract, and
`/problems/<code>` says what it means; `errors` names each fault with its place, `#/3/name` in the body or a
parameter. `request_id`, which is also the header `X-Request-ID`, finds the call in logs and in the audit chain.
"""

_LISTS = """
# Lists

Parameters filter by field: `country=SE`, repeated for any of several, and with an operator `name__ic=bank`,
`verified_at__empty=true`; `q` finds words, `filter=<slug>` applies a saved filter, `ordering=-created_at`
sorts. Follow `next` from page to page. `fields`, `omit` and `brief=true` choose what is shown. With `Accept:
text/csv` or `application/x-ndjson` the whole list is sent, and the export is audited. Answers have an `ETag`:
with `If-None-Match` what has not changed is 304.
"""

_WRITES = """
# Writes

* `Idempotency-Key: <one for each call>` makes a repetition safe: it has one effect, and the first answer for 24
  hours.
* `If-Match: <ETag>` changes the state that was read and no other, else 412. Policies, routing artifacts and the
  rotation of a token ask for it: 428.
* `?dry_run=true` does everything, tells it and undoes it.
* An array as the body writes up to 1,000 rows, all or none.
* A row is referred to by its id, or by what it is known by: `{"participant": {"name": "Bank US"}}`. `PUT
  …/by/<source>/<external id>` writes the row that a system of yours knows by that id.
* `Audit-Reason` says why; it stands in the audit chain beside the change.
"""

_LIMITS = """
# Limits

Answers say in `RateLimit` what is left of each quota, and in `RateLimit-Policy` how much there is; `GET
/api/v1/limits` says the same. Beyond, the answer is 429 `throttled`: wait for `Retry-After` seconds.

# Long work

Work that may take long is answered with 202 and, in `Location`, its job: ask that until its `state` is none of
`queued` and `running`.

# Changes of this API

It grows, and takes nothing away without notice: what is deprecated says so in the headers `Deprecation` and
`Sunset`, here, and at `/deprecations`, at least six months before.
"""


def introduction(*, is_tenant: bool) -> str:
    """Return the text of a tenant's document, or of the platform's."""
    where = "`/t/{slug}/admin/`" if is_tenant else "`/admin/` for operators, `/t/{slug}/admin/` of a tenant"
    told = _CREDENTIAL.replace("{administration}", where)
    return "".join((_SUBJECT, "\n", told, _REFUSALS, _LISTS, *((_WRITES,) if is_tenant else ()), _LIMITS))
