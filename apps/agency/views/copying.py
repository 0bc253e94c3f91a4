"""Copying rules and pools to many clients: chosen, looked at, started, watched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.agency import tasks
from apps.agency.copying import runs, showing, sources
from apps.agency.copying.models import CopyRun, CopyTarget
from apps.agency.copying.runs import CopyRefused
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.policy import agency_page
from config.celery import nudge

ROWS = 50
LATEST = 10
FILTERS = ("conflict", "gap", "refused")


@agency_page()
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """From which team, what of it, and to which clients."""
    source = _source(request.POST or request.GET, agency) or sources.first(agency)
    if request.method != "POST" or source is None:
        return _choosing(request, agency, source)
    try:
        run = runs.prepare(
            source, versions=_ids(request.POST, "version"), pools=_ids(request.POST, "pool"),
            clients=_clients(request.POST, source, agency), by=agency, now=timezone.now(),
        )  # fmt: skip
    except CopyRefused as refused:
        return _choosing(request, agency, source, error=str(refused))
    return redirect("agency:copy_run", agency=agency.agency.slug, copy_run=run.pk)


def _source(asked: QueryDict, agency: AgencyAccess) -> Access | None:
    wanted = _ids(asked, "from")
    return sources.readable(wanted[0], by=agency) if wanted else None


def _ids(asked: QueryDict, name: str) -> list[UUID]:
    """What is an id among these values; anything else was made up."""
    found = []
    for text in asked.getlist(name)[: runs.MOST_CLIENTS]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _clients(asked: QueryDict, source: Access, agency: AgencyAccess) -> list[UUID]:
    """Those that are ticked, and those of the chosen group; or all."""
    ticked, group = set(_ids(asked, "client")), asked.get("group", "")
    is_all = asked.get("all") == "1"
    return [
        row.grant.pk
        for row in showing.clients(source, by=agency)
        if row.may and (is_all or row.grant.pk in ticked or (group and row.grant.group == group))
    ]


def _choosing(
    request: HttpRequest, agency: AgencyAccess, source: Access | None, *, error: str = ""
) -> HttpResponse:
    clients = showing.clients(source, by=agency) if source else []
    context: dict[str, Any] = {
        "agency": agency,
        "section": "clients",
        "error": error,
        "teams": sources.teams(agency),
        "source": source.team if source else None,
        "offered": sources.offered(source) if source else [],
        "pools": sources.pools(source) if source else [],
        "able": [row for row in clients if row.may],
        "unable": [row for row in clients if not row.may],
        "chosen": {str(pk) for name in ("version", "pool", "client")
                   for pk in _ids(request.POST, name)},
        "groups": sorted({row.grant.group for row in clients if row.may and row.grant.group}),
        "group": request.POST.get("group", ""),
        "takes_all": request.POST.get("all") == "1",
        "is_begun": request.method == "POST",
        "runs": runs.lately(agency, now=timezone.now())[:LATEST],
    }  # fmt: skip
    return render(request, "agency/copy.html", context, status=422 if error else 200)


@agency_page()
@never_cache
@require_safe
def run(request: HttpRequest, agency: AgencyAccess, copy_run: UUID) -> HttpResponse:
    """What would happen at each client; once started, what happens and happened."""
    return _page(request, agency, _run(agency, copy_run))


@agency_page()
@require_POST
def go(request: HttpRequest, agency: AgencyAccess, copy_run: UUID) -> HttpResponse:
    """Keep what was chosen on the page; then another of its pages, or start."""
    found = _run(agency, copy_run)
    runs.choose(found, _choices(request.POST), for_all=_for_all(request.POST), by=agency)
    if "start" not in request.POST:
        return _to(found, agency, page=request.POST.get("page", ""), show=_show(request.POST))
    try:
        is_first = runs.start(
            found, publishes=request.POST.get("publish") == "1", by=agency, now=timezone.now()
        )
    except CopyRefused as refused:
        messages.error(request, str(refused))
        return _to(found, agency)
    if is_first:
        nudge(tasks.copy_rules, str(found.pk))
    return _to(found, agency)


@agency_page()
@never_cache
@require_safe
def progress(request: HttpRequest, agency: AgencyAccess, copy_run: UUID) -> HttpResponse:
    """The fragment that the page asks for while it runs; then the whole page again."""
    found = _run(agency, copy_run)
    context = {"agency": agency, "run": found, "counts": showing.counts(found)}
    response = render(request, "agency/_copy_progress.html", context)
    if not found.is_working:
        response["HX-Refresh"] = "true"
    return response


@agency_page()
@require_POST
def again(request: HttpRequest, agency: AgencyAccess, copy_run: UUID) -> HttpResponse:
    """A new preview for those clients where it was not copied."""
    found = _run(agency, copy_run)
    try:
        found = runs.again(found, by=agency, now=timezone.now())
    except CopyRefused as refused:
        messages.error(request, str(refused))
    return _to(found, agency)


def _run(agency: AgencyAccess, pk: UUID) -> CopyRun:
    found = runs.of(agency).select_related("source").filter(pk=pk).first()
    if found is None:
        raise Http404("No such run.")
    return found


def _choices(posted: QueryDict) -> dict[tuple[UUID, str], str]:
    """`choice:<target>:<key>` as the page names them; anything else was made up."""
    found = {}
    for name, value in posted.items():
        head, _colon, rest = name.partition(":")
        target, _colon, key = rest.partition(":")
        if head == "choice":
            try:
                found[(UUID(target), key)] = str(value)
            except ValueError:
                continue
    return found


def _for_all(posted: QueryDict) -> dict[str, str]:
    given = {"set": posted.get("all-set", ""), "pool": posted.get("all-pool", "")}
    return {kind: value for kind, value in given.items() if value}


def _show(asked: QueryDict) -> str:
    show = asked.get("show", "")
    return show if show in FILTERS else ""


def _to(run: CopyRun, agency: AgencyAccess, *, page: str = "", show: str = "") -> HttpResponse:
    answer = redirect("agency:copy_run", agency=agency.agency.slug, copy_run=run.pk)
    query = QueryDict(mutable=True)
    for name, value in (("page", page[:6]), ("show", show)):
        if value:
            query[name] = value
    if query:
        answer["Location"] += f"?{query.urlencode()}"
    return answer


def _page(request: HttpRequest, agency: AgencyAccess, found: CopyRun) -> HttpResponse:
    show = _show(request.GET)
    page = Paginator(_shown(found, show), ROWS).get_page(request.GET.get("page"))
    context = {
        "agency": agency,
        "section": "clients",
        "now": timezone.now(),
        "run": found,
        "counts": showing.counts(found),
        "page": page,
        "rows": [showing.row(target) for target in page],
        "show": show,
        "summary": showing.summary(found),
    }
    return render(request, "agency/copy_run.html", context)


def _shown(found: CopyRun, show: str) -> QuerySet[CopyTarget]:
    rows: Any = found.targets.select_related("grant__team").order_by("grant__team__name", "pk")
    return showing.only(rows, show)
