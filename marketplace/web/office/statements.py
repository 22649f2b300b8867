"""A household's statement (收入明白账) for offices: its months, its rows, its card, and what the officer does for it."""

from uuid import UUID

from flask import Response, current_app, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...attribution.household_schemas import ConfirmSchema, DisputeFormSchema
from ...core import clock, files, jobs
from ...core.db import by_id
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...regions import services as regions
from ...reporting import cards
from .. import statements
from . import blueprint, words

LABELS = {
    "payout_ids": _l("兑付"),
    "payouts": _l("兑付"),
    "file": _l("农户签字或手印的扫描件"),
    "words": _l("哪里不对"),
    "claimed_fen": _l("农户认为应是"),
    "about": _l("哪一笔"),
}


def ways(household_id: UUID) -> statements.Ways:
    """Where an office goes from a statement's rows."""
    who = actor()

    def lines(pool_id: UUID, distribution_id: UUID | None) -> str:
        return url_for(
            "office.statement_lines", household_id=household_id, pool_id=pool_id, cut=distribution_id or statements.TAIL
        )

    def file(file_id: UUID) -> str:
        return url_for("office.evidence", household_id=household_id, file_id=file_id)

    def dispute(dispute_id: UUID) -> str | None:
        return url_for("office.dispute", dispute_id=dispute_id) if who.may("dispute.read") else None

    def raise_(kind: str, id_: UUID) -> str | None:
        if not who.may("dispute.raise"):
            return None
        return url_for("office.dispute_new", household_id=household_id, kind=kind, about=id_)

    return statements.Ways(lines=lines, file=file, dispute=dispute, raise_dispute=raise_)


@blueprint.get("/households/<uuid:household_id>")
@guard("statement.read")
def statement(household_id: UUID) -> str:
    household = households.one(actor(), household_id)
    return render_template(
        "office/statement.html",
        household=household,
        place=regions.name_path(household.present_division),
        classes=words.HOUSEHOLD_CLASSES,
        printed=attribution.links_of(actor(), household_id) if actor().may("link.issue") else [],
        year=clock.today().year,
        **statements.shown(household_id, None, statements.asked_month(), ways(household_id)),
    )


@blueprint.get("/households/<uuid:household_id>/pools/<uuid:pool_id>")
@guard("statement.read")
def statement_lines(household_id: UUID, pool_id: UUID) -> str:
    """One pool's part in one cut, opened to the order lines that carried it."""
    household = households.one(actor(), household_id)
    may = actor().may("order.read")
    return render_template(
        "office/statement_lines.html",
        household=household,
        order_url=lambda id_: url_for("office.order", order_id=id_) if may else None,
        **statements.opened(household_id, None, pool_id, ways(household_id)),
    )


@blueprint.get("/households/<uuid:household_id>/evidence/<uuid:file_id>")
@guard("statement.read")
def evidence(household_id: UUID, file_id: UUID) -> Response:
    """A paper that hangs on one of the household's rows."""
    found = attribution.statement(households.one(actor(), household_id).id)
    rows = (*found.payments, *found.payouts, *found.flows, *found.advances)
    if file_id not in {row.file_id for row in rows}:
        raise NotFound("file")
    return kept(file_id)


def kept(file_id: UUID) -> Response:
    """A file's content for a reader whose right to it was checked."""
    row = by_id(files.FileRow, file_id, what="file")
    response = send_file(files.open_kept(row), mimetype=row.media_type, download_name=row.name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


@blueprint.post("/households/<uuid:household_id>/card")
@guard("link.issue")
def card(household_id: UUID) -> Response:
    """The card with a new link's code; the former card's code is dead from now on."""
    household = households.one(actor(), household_id)
    return statements.card_of([household_id], f"card-{household.code}")


@blueprint.post("/households/<uuid:household_id>/link/revoke")
@guard("link.issue")
def link_revoke(household_id: UUID) -> Response:
    households.one(actor(), household_id)
    ended = attribution.revoke(actor(), household_id)
    word = _("这户的二维码已作废。") if ended else _("这户没有有效的二维码。")
    return done(word, "office.statement", household_id=household_id)


@blueprint.route("/households/cards", methods=["GET", "POST"])
@guard("link.issue")
def village_cards() -> Response:
    """The cards of a village as one PDF; many are made by a job."""
    form = Form(None, {"village": request.args.get("village", ""), "year": str(clock.today().year)})
    if form.posted:
        with form.attempt():
            village = request.form.get("village", "")
            ids = cards.of_village(actor(), village)
            if len(ids) > cards.AT_ONCE:
                year = request.form.get("year", clock.today().year, type=int)
                jobs.start(
                    actor(),
                    "cards",
                    village=village,
                    year=year,
                    user=str(actor().user),
                    base_url=current_app.config["SETTINGS"].public_url,
                )
                return done(_("%(count)s 户，正在后台制作，可以离开。", count=len(ids)), "office.village_cards")
            return statements.card_of(ids, f"cards-{village}")
    return form.page(
        "office/village_cards.html",
        villages=_villages(),
        jobs=jobs.latest(actor().organisation, "cards", 5),
        years=[(str(clock.today().year - back),) * 2 for back in range(3)],
        labels={"village": _("村"), "year": _("年度")},
    )


def _villages() -> list[tuple[str, str]]:
    """Every village of the office's division that holds households, under its township's name."""
    if not actor().scope.division:
        return []
    top = actor().scope.division or ""
    found = regions.below(top.ljust(12, "0"), 5, clock.today()) if len(top) < 12 else [regions.division(top)]
    codes = [place.code for place in found if place.has_households and place.ends is None]
    paths = regions.paths_of(codes)
    return [(code, "".join(place.name for place in paths[code] if place.level >= 3)) for code in codes]


@blueprint.get("/households/cards/<uuid:job_id>/<uuid:file_id>")
@guard("link.issue")
def cards_file(job_id: UUID, file_id: UUID) -> Response:
    """The PDF that a job made, for the organisation that asked for it."""
    job = jobs.one(actor(), job_id)
    if job.kind != "cards" or str(file_id) not in job.result.get("files", []):
        raise NotFound("file")
    return kept(file_id)


@blueprint.route("/households/<uuid:household_id>/confirm", methods=["GET", "POST"])
@guard("payout.confirm")
def confirm_for(household_id: UUID) -> Response:
    """The officer records the household's yes, with its signature."""
    household = households.one(actor(), household_id)
    form = Form(ConfirmSchema(), {})
    if form.posted:
        with form.attempt():
            voice = attribution.by_officer(actor(), household_id, uploaded())
            count = attribution.confirm(actor(), voice, form.data()["payout_ids"])
            return done(_("已登记 %(count)s 笔确认。", count=count), "office.statement", household_id=household_id)
    return form.page(
        "office/confirm_for.html",
        household=household,
        payouts=attribution.unconfirmed(household_id),
        chosen=set(request.form.getlist("payout_ids")),
        labels=LABELS,
    )


def uploaded(name: str = "file") -> UUID | None:
    """Keeps the form's file, if one was chosen. Raises Refused: file_empty, file_too_large, file_type."""
    upload = request.files.get(name)
    if upload is None or not upload.filename:
        return None
    return files.keep(actor(), upload.filename, upload.read(files.MAX_BYTES + 1), field=name).id


@blueprint.route("/households/<uuid:household_id>/disputes/new", methods=["GET", "POST"])
@guard("dispute.raise")
def dispute_new(household_id: UUID) -> Response:
    """The officer raises a dispute for the household, with its signature."""
    household = households.one(actor(), household_id)
    form = Form(DisputeFormSchema(), {"about": f"{request.args.get('kind', '')} {request.args.get('about', '')}"})
    if form.posted:
        with form.attempt():
            data = statements.about_of(form.data())
            voice = attribution.by_officer(actor(), household_id, uploaded())
            row = attribution.raise_dispute(actor(), voice, **data)
            return done(_("已提出异议 %(number)s。", number=row.number), "office.dispute", dispute_id=row.id)
    return form.page(
        "office/dispute_new.html",
        household=household,
        about=statements.about_options(household_id, None),
        labels=LABELS,
    )
