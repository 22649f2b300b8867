"""What households take, and how they are shown."""

from typing import Any

from marshmallow import fields, validate

from ..core.fields import Day, Flag, Id, Moment, Place, Shown, Taken, Text, Whole
from .models import CHANGES, CLASSES, PAYEE_KINDS, RELATIONS

EXAMPLE_ID = "990000197001010018"  # of a county that is none


class NewHouseholdSchema(Taken):
    head_name = Text(40, 1, required=True)
    village = Place(required=True)
    group_name = Text(20, load_default="", metadata={"example": "三组"})
    size = Whole(1, 30, required=True)
    class_ = fields.String(data_key="class", load_default="none", validate=validate.OneOf(CLASSES))


class HouseholdSchema(Shown):
    id = Id()
    code = fields.String()
    head_name = fields.String(metadata={"description": "Masked where the reader need not know it"})
    division = Place(metadata={"description": "Registered village"})
    present_division = Place(metadata={"description": "Where it lives"})
    group_name = fields.String()
    size = Whole()
    class_ = fields.String(data_key="class")
    created_at = Moment()
    version = Whole(1)


class NamedSchema(Taken):
    """A household as a paper has it: who knows code and name has it before them."""

    code = Text(20, 1, required=True)
    head_name = Text(40, 1, required=True)


class RecogniseSchema(Taken):
    households = fields.List(fields.Nested(NamedSchema), required=True, validate=validate.Length(1, 500))


class RecognisedSchema(Shown):
    household_ids = fields.List(
        Id(allow_none=True), metadata={"description": "In the order asked; null where code and name do not match"}
    )


class IdNumber(Text):
    """An identity number as typed; the service checks it. Never in an answer, save the one that reveals it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            24, metadata={"description": "18 characters, sealed at once", "example": EXAMPLE_ID}, **options
        )


class NewMemberSchema(Taken):
    name = Text(40, 1, required=True)
    relation = fields.String(required=True, validate=validate.OneOf(RELATIONS))
    id_number = IdNumber(required=True)
    phone = Text(24, load_default="")
    joined_on = Day(load_default=None, allow_none=True)


class MemberSchema(Shown):
    id = Id()
    household_id = Id()
    name = fields.String(metadata={"description": "Masked where the reader need not know it"})
    relation = fields.String()
    id_last4 = fields.String()
    joined_on = Day()
    left_on = Day(allow_none=True, metadata={"description": "The first day on which it is none"})
    died_on = Day(allow_none=True)


class LeaveSchema(Taken):
    from_day = Day(required=True)


class WhySchema(Taken):
    reason = Text(200, 1, required=True, metadata={"description": "For the trail; no number of a person"})


class RevealedMemberSchema(Shown):
    """In full, in this answer alone."""

    member_id = Id()
    id_number = fields.String()
    phone = fields.String()


class RevealedPayeeSchema(Shown):
    """In full, in this answer alone."""

    payee_id = Id()
    account = fields.String()
    id_number = fields.String()


class NewPayeeSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(PAYEE_KINDS))
    agreement_id = Id(load_default=None, allow_none=True, metadata={"description": "None: of the household as a whole"})
    member_id = Id(load_default=None, allow_none=True)
    bank = Text(60, load_default="")
    account = Text(40, load_default="", metadata={"description": "Sealed at once; none for cash"})
    holder_name = Text(40, load_default="", metadata={"description": "The account's name, as the bank has it"})
    proxy_name = Text(40, load_default="", metadata={"description": "A proxy (代领人) instead of a member"})
    proxy_relation = Text(20, load_default="")
    proxy_id_number = IdNumber(load_default="")
    file_id = Id(load_default=None, allow_none=True, metadata={"description": "The paper that names the proxy"})
    until = Day(load_default=None, allow_none=True, metadata={"description": "Until when the proxy may"})


class PayeeSchema(Shown):
    id = Id()
    household_id = Id()
    agreement_id = Id(allow_none=True)
    member_id = Id(allow_none=True, metadata={"description": "None: a proxy"})
    name = fields.String(metadata={"description": "Masked where the reader need not know it"})
    relation = fields.String()
    id_last4 = fields.String()
    kind = fields.String()
    bank = fields.String()
    account_last4 = fields.String()
    odd_account = Flag(metadata={"description": "The account's check digit fails; many 一卡通 have none"})
    until = Day(allow_none=True)
    state = fields.String(metadata={"description": "proposed, cooling, in_force, replaced, stopped, ended"})
    in_force_from = Day(allow_none=True)
    proposed_at = Moment()
    approved_at = Moment(allow_none=True)


class HeirSchema(Taken):
    household_id = Id(required=True)
    basis_points = Whole(1, 10_000, required=True)


class NewChangeSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(CHANGES))
    from_day = Day(required=True)
    evidence = Text(
        200, 1, required=True, metadata={"description": "The paper it rests on", "example": "村委证明 12 号"}
    )
    file_id = Id(load_default=None, allow_none=True)
    parts = fields.List(fields.Nested(HeirSchema), load_default=list, validate=validate.Length(0, 20))
    village = Place(load_default=None, allow_none=True)
    group_name = Text(20, load_default="")
    member_id = Id(load_default=None, allow_none=True)
    new_head_id = Id(load_default=None, allow_none=True)


class HeirShownSchema(Shown):
    household_id = Id()
    basis_points = Whole()


class ChangeSchema(Shown):
    id = Id()
    household_id = Id()
    kind = fields.String()
    from_day = Day()
    state = fields.String(metadata={"description": "proposed, in_force, refused"})
    evidence = fields.String()
    member_id = Id(allow_none=True)
    village = Place(allow_none=True)
    village_before = Place(allow_none=True)
    group_name = fields.String()
    parts = fields.List(fields.Nested(HeirShownSchema))
    recorded_at = Moment()
    decided_at = Moment(allow_none=True)
