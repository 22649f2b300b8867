"""The verifier's page: the last run with each check's answer, starting one, and earlier runs."""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _

from ...core import jobs
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...reporting import verification as verifier
from . import blueprint
from .verification_words import ADVICE, GROUPS, WORDS, group_of


@blueprint.get("/verification")
@guard("verify.read")
def verification() -> Response:
    """The run asked for, else the last one."""
    runs = verifier.latest(actor())
    chosen = _chosen(runs)
    results = verifier.results(actor(), chosen.id) if chosen else []
    return Form().page(
        "office/verification.html",
        runs=runs,
        run=chosen,
        results=results,
        groups=_grouped(results),
        group_titles=GROUPS,
        wrong_groups={name: any(row.faults and group_of(row.name) == name for row in results) for name in GROUPS},
        words=WORDS,
        advice=ADVICE,
        running=chosen is not None and chosen.finished_at is None,
        job=_job(chosen),
    )


def _chosen(runs: list[Any]) -> Any:
    asked = request.args.get("run", "")
    if not asked:
        return runs[0] if runs else None
    try:
        return verifier.run(actor(), UUID(asked))
    except ValueError:
        raise NotFound("verify_run") from None


def _grouped(results: list[verifier.Result]) -> list[tuple[Any, list[verifier.Result]]]:
    return [
        (title, found)
        for name, title in GROUPS.items()
        if (found := [result for result in results if group_of(result.name) == name])
    ]


def _job(run: Any) -> Any:
    """The job that works the run, if it was started here by this organisation."""
    found = jobs.latest(actor().organisation, "verify", 5) if run else []
    return next((row for row in found if row.payload.get("run") == str(run.id)), None)


@blueprint.post("/verification", endpoint="verification_start")
@guard("verify.run")
def start() -> Response:
    verifier.begin(actor())
    return done(_("已开始核验，可以离开这一页。"), "office.verification")
