"""A household's page of people: its members, who is paid, what became of it; a new member, one who leaves."""

from uuid import UUID

from flask import Response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...households.schemas import LeaveSchema, NewMemberSchema
from ...identity import services as identity
from ...linkage import services as linkage
from ...regions import services as regions
from . import around, linked, one_of, words
from . import names as households_named

LABELS = {
    "name": _l("姓名"),
    "relation": _l("与户主关系"),
    "id_number": _l("身份证号"),
    "phone": _l("电话"),
    "joined_on": _l("从哪天起是本户成员"),
    "from_day": _l("从哪天起"),
}


@guard("household.read")
def people(household_id: UUID) -> str:
    household = one_of(household_id)
    rows, changes = households.payees_of(household_id), households.changes_of(household_id)
    users = {row.proposed_by for row in rows} | {row.approved_by for row in rows if row.approved_by}
    users |= {change.row.recorded_by for change in changes} | {c.row.decided_by for c in changes if c.row.decided_by}
    others = {id_ for change in changes for id_, _bp in change.parts} | {change.row.household_id for change in changes}
    return render_template(
        "people/people.html",
        **around(household),
        place=regions.name_path(household.present_division),
        members=[(row, households.shown_phone(row)) for row in households.members_of(household_id)],
        payees=rows,
        states=households.standing_of(rows, clock.today()),
        held=households.why_no_payee([household_id], clock.today()).get(household_id),
        agreements=linkage.agreements_by_ids({row.agreement_id for row in rows if row.agreement_id}),
        changes=changes,
        others=households_named(list(others)),
        member_names=households.member_names({c.row.member_id for c in changes if c.row.member_id}),
        places=regions.name_paths({code for c in changes for code in (c.row.village, c.row.village_before) if code}),
        users=identity.user_names(users),
        today=clock.today(),
    )


@guard("household.edit")
def member_new(household_id: UUID) -> Response:
    household = one_of(household_id)
    heads = [row for row in households.members_of(household_id) if row.relation == "head" and row.left_on is None]
    values = {"relation": "" if heads else "head", "name": "" if heads else household.head_name}
    form = Form(NewMemberSchema(), values)
    if form.posted:
        with form.attempt():
            row = households.add_member(actor(), household_id, linked=linked(), **form.data())
            return done(_("已登记 %(name)s。", name=row.name), ".people", household_id=household_id)
    return form.page(
        "people/member_new.html", **around(household), labels=LABELS, relations=list(words.RELATIONS.items())
    )


@guard("household.edit")
def member_leave(member_id: UUID) -> Response:
    row = households.member(actor(), member_id, linked())
    form = Form(LeaveSchema(), {"from_day": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            households.leave(actor(), member_id, form.data()["from_day"], linked())
            return done(_("已登记离开本户。"), ".people", household_id=row.household_id)
    return form.page("people/member_leave.html", **around(one_of(row.household_id)), member=row, labels=LABELS)


ROUTES = [
    ("/households/<uuid:household_id>/people", people, ["GET"]),
    ("/households/<uuid:household_id>/members/new", member_new, ["GET", "POST"]),
    ("/members/<uuid:member_id>/leave", member_leave, ["GET", "POST"]),
]
