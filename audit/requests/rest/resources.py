"""Jobs of the tenant or the platform, and the verification of its chain as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from audit.operations.verifications import VERIFICATION
from audit.requests import filters, models, serializers
from audit.requests.operations import cancel_job, start_job
from audit.requests.rest import examples
from config.foundation.jobs import job_kinds
from config.foundation.rest.errors import Faults
from config.foundation.rest.idempotency import once
from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Operation
from config.foundation.rest.queries import DIRECTORY_PARAMETER
from config.foundation.rest.views import WritableResource
from config.foundation.rest.views.writing import refuse_content

TAG = "Jobs"
SEES_ALL = "view_audit"
POLL_AFTER_S = 1
CANCEL = Operation(
    operation_id="jobs_cancel",
    summary="Cancel a job",
    description=(
        "A job that waits is cancelled at once. One that runs is asked to end: it does at its next step, and leaves "
        "nothing behind. Asked again, nothing changes. For whoever asked for the job, or holds the privilege that its "
        "kind needs."
    ),
    tag=TAG,
    response=serializers.JobDetailSerializer,
    response_example=examples.CANCELLED,
    headers=("ETag",),
    takes_reason=True,
    takes_key=True,
    precondition="IfMatch",
    errors=(*BODY_ERRORS, *QUERY_ERRORS, "write_not_allowed", "busy", "job_ended", "precondition_failed"),
)
VERIFY = Operation(
    operation_id="audit_verifications_create",
    summary="Verify the audit chain",
    description=(
        "Long work: the answer is a job, at `Location`; ask it until its `state` is none of queued and running. Its "
        "`result` says how many events were verified, and of a chain that is not as it was written the first `flaw`. "
        "While one waits or runs, another is refused. "
        "Needs the privilege `view_audit`."
    ),
    tag="Audit",
    response=serializers.JobDetailSerializer,
    response_example=examples.QUEUED,
    status=202,
    headers=("ETag", "Location", "Retry-After"),
    takes_reason=True,
    takes_key=True,
    errors=(*BODY_ERRORS, *QUERY_ERRORS, "write_not_allowed", "busy", "job_under_way", "too_many_jobs"),
)


class Jobs(WritableResource):
    """Long work that was asked for: its state, progress, result and errors.

    Seen are one's own jobs, and with the privilege `view_audit` those of all.
    """

    required_privilege = SEES_ALL
    model = models.Job  # type: ignore[assignment]  # no Row: bookkeeping
    serializer_class = serializers.JobSerializer
    filterset_class = filters.JobFilters
    orderings = ("created_at", "started_at", "finished_at", "updated_at", "kind", "state")
    default_ordering = ("-created_at", "-pk")
    natural = ("kind", "state", "created_at")
    noun, plural, tag = "job", "jobs", TAG
    example = examples.JOB
    extra_writes = frozenset({"cancel"})
    is_rehearsable = False
    is_open_shown = False

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of an action."""
        if action == "cancel":
            return CANCEL
        described = super().describe(action)
        kept = tuple(one for one in described.parameters if one is not DIRECTORY_PARAMETER)
        described = replace(described, parameters=kept)
        if action == "list":
            return described
        return replace(
            described,
            response=cls.shaping_class(action),
            response_example=examples.JOB_DETAIL,
            headers=(*described.headers, "Retry-After"),
        )

    @classmethod
    def shaping_class(cls, action: str) -> type[BaseSerializer[Any]]:
        """Return the serializer of an action's answer."""
        return cls.serializer_class if action == "list" else serializers.JobDetailSerializer

    def needed_privileges(self) -> tuple[str, ...]:
        """Return nothing: everybody who was let in may look at their own jobs, and cancel them."""
        return ()

    @property
    def sees_all(self) -> bool:
        """Tell whether the caller may see everybody's jobs."""
        return SEES_ALL in self.admission.privileges

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters."""
        if "directory" in request.query_params:
            faults.at_parameter("directory", "This parameter is not known here.", "unknown_parameter")
            faults.raise_any()
        super().collect_faults(request, faults)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the jobs that the caller may see; a list leaves out the errors, a thousand each."""
        jobs: QuerySet[Any] = models.Job.objects.visible_to(self.admission.user_id, sees_all=self.sees_all)
        return jobs.defer("errors") if self.action == "list" else jobs

    def list_version(self) -> str:
        """Return what moves with every change of a job that the caller may see."""
        seen = self.get_queryset().aggregate(newest=Max("updated_at"), count=Count("pk"))
        return f"jobs:{seen['newest']}:{seen['count']}"

    def variant(self) -> str:
        """Return whose jobs are seen."""
        return "" if self.sees_all else str(self.admission.user_id)

    def etag_of(self, request: Request, row: Any) -> str:
        """Return the tag of a job, and remember whether it is worth asking again."""
        self.is_open_shown = row.is_open
        return super().etag_of(request, row)

    def represented(self, request: Request, row: Any) -> Response:
        """Return the answer that shows a job."""
        return self._with_wait(super().represented(request, row))

    def answer(self, request: Request, row_id: UUID, *, status: int = 200) -> Response:
        """Return the answer that shows a job as it is now; it is kept with all of its headers."""
        return self._with_wait(super().answer(request, row_id, status=status))

    def _with_wait(self, response: Response) -> Response:
        """Say when to ask again of a job that has not ended."""
        if self.is_open_shown:
            response["Retry-After"] = str(POLL_AFTER_S)
        return response

    @once
    def cancel(self, request: Request, id: str) -> Response:  # noqa: A002 -- the address's
        """End a job, at once or at its next step."""
        with self.effect():
            job = self.get_queryset().filter(pk=self.pk_of(id)).first()
            if job is None:
                raise self.unknown()
            refuse_content(request)
            kind = job_kinds.get(job.kind)
            if job.created_by != self.admission.user_id:
                self.admission.require(kind.privilege if kind else SEES_ALL)
            cancel_job(actor=self.admission.actor, job_id=job.pk, check=self.precondition(request))
            return self.answer(request, job.pk)


class PlatformJobs(Jobs):
    """Long work that was asked for on the platform: its state, progress, result and errors.

    For operators who may look at the platform's chain.
    """

    def needed_privileges(self) -> tuple[str, ...]:
        """Return what shows an operator."""
        return (SEES_ALL,)


class Verifications(PlatformJobs):
    """Verifications of the chain of the tenant, or of the platform, each a job."""

    @classmethod
    def describe(cls, action: str) -> Operation:  # noqa: ARG003 -- the base's
        """Return the documentation."""
        return VERIFY

    @once
    def create(self, request: Request) -> Response:
        """Have the whole chain verified."""
        refuse_content(request)
        with self.effect():
            job = start_job(actor=self.admission.actor, kind=VERIFICATION)
            response = self.answer(request, job.pk, status=202)
            response["Location"] = self.address_of(request, job)  # type: ignore[arg-type]  # no Row
        return response

    def _collection_url(self, request: Request) -> str:
        return request.build_absolute_uri(reverse("job-list"))
