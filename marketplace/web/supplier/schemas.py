"""What the supplier's forms take. Names are those of the services' arguments, so that a refusal finds its control."""

from marshmallow import Schema, fields, validate

from ...core.fields import MAX_PRICE_FEN, Day, Fen, Flag, Id, Quantity, Text, Whole
from ...linkage.rules import BASES, KINDS
from ...payments.schemas import InvoicePartSchema
from ...procurement.delivery_schemas import CratesSchema, ShipmentNoticeSchema
from ...products.rules import BASE_UNITS, PAPERS
from .fields import Percent, SeasonDay

METHOD = validate.OneOf(["cash", "transfer"])


class ReasonSchema(Schema):
    reason = Text(300, required=True)


class PartSchema(Schema):
    """`source` is "<order line>:<lot>": what the lot's choice stands for."""

    source = Text(80, required=True)
    quantity = Quantity(required=True)
    packages = Whole(1, 100_000, load_default=None)
    gross = Quantity(unit="千克", load_default=None)
    net = Quantity(unit="千克", load_default=None)


class ShipSchema(ShipmentNoticeSchema):
    parts = fields.List(fields.Nested(PartSchema), load_default=list)
    delivery_no = Whole(1, 1000, load_default=1)
    sent_crates = fields.List(fields.Nested(CratesSchema), load_default=list, data_key="crates")


class CratesBackSchema(Schema):
    """How many came back of each balance shown; one left blank did not."""

    class Row(Schema):
        balance_id = Id(required=True)
        count = Whole(0, 10_000, load_default=0)

    rows = fields.List(fields.Nested(Row), load_default=list)
    shipment_id = Id(load_default=None)
    note = Text(200, load_default="")


class ProductEditSchema(Schema):
    name = Text(80, required=True)
    grade = Text(120, load_default="")
    storage = Text(120, load_default="")
    shelf_life_days = Whole(1, 3650, load_default=None)
    certificates = Text(300, load_default="")
    description = Text(1000, load_default="")
    version = Whole(load_default=0)


class ProductSchema(ProductEditSchema):
    code = Text(20, required=True)
    category_code = Text(20, required=True)
    base_unit = fields.String(required=True, validate=validate.OneOf(BASE_UNITS))
    origin = Text(12, required=True)


class BreakSchema(Schema):
    from_quantity = Quantity(required=True)
    price_fen = Fen(1, required=True)


class OfferEditSchema(Schema):
    order_unit = Text(6, required=True)
    content = Quantity(required=True)
    step = Quantity(load_default=1000)
    pack = Quantity(load_default=1000)
    minimum = Quantity(required=True)
    tolerance_basis_points = Percent(2000, load_default=0)
    season_from = SeasonDay(load_default=0)
    season_to = SeasonDay(load_default=0)
    lead_days = Whole(0, 90, load_default=2)
    breaks = fields.List(fields.Nested(BreakSchema), load_default=list)
    version = Whole(load_default=0)


class OfferSchema(OfferEditSchema):
    code = Text(24, required=True)
    pricing = fields.String(required=True, validate=validate.OneOf(["counted", "weighed"]))
    stock = Quantity(load_default=0)


class StockSchema(Schema):
    """`seen` is the stock that the page showed, thousandths."""

    stock = Quantity(required=True)
    seen = Whole(required=True)


class SlipSchema(Schema):
    agreement_id = Id(required=True)
    household_id = Id(required=True)
    day = Day(required=True)
    item = Text(60, required=True)
    unit = fields.String(required=True, validate=validate.OneOf(BASE_UNITS))
    grade = Text(20, load_default="")
    pieces = Whole(0, 100_000, load_default=0)
    gross = Text(20, required=True)
    tare = Text(20, load_default="0")
    price_fen = Fen(1, required=True)
    deduction_fen = Fen(0, load_default=0)


class SlipRowSchema(Schema):
    household = Text(60, required=True)
    grade = Text(20, load_default="")
    pieces = Whole(0, 100_000, load_default=0)
    gross = Text(20, required=True)
    tare = Text(20, load_default="0")
    price_fen = Fen(1, load_default=None)
    deduction_fen = Fen(0, load_default=0)


class SlipTableSchema(Schema):
    """A morning's slips: `price_fen` counts where a row names none."""

    agreement_id = Id(required=True)
    day = Day(required=True)
    item = Text(60, required=True)
    unit = fields.String(required=True, validate=validate.OneOf(BASE_UNITS))
    price_fen = Fen(1, load_default=None)
    slips = fields.List(fields.Nested(SlipRowSchema), load_default=list)


class PaySlipsSchema(Schema):
    slip_ids = fields.List(Id(), load_default=list)
    day = Day(required=True)
    method = fields.String(required=True, validate=METHOD)
    evidence = Text(120, required=True)


class PaySlipSchema(Schema):
    fen = Fen(1, required=True)
    day = Day(required=True)
    method = fields.String(required=True, validate=METHOD)
    evidence = Text(120, required=True)


class LotSchema(Schema):
    product_id = Id(required=True)
    harvested_on = Day(required=True)
    size = Quantity(unit="千克", required=True)
    slip_ids = fields.List(Id(), load_default=list)
    division = Text(12, load_default=None)
    yields = Quantity(load_default=None)


class PaperSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(PAPERS))
    number = Text(60, required=True)
    issued_on = Day(required=True)


class AgreementSchema(Schema):
    """Each mechanism has its own terms; the others' controls may hold what they like."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    basis = fields.String(load_default=None, validate=validate.OneOf(BASES))
    rate_basis_points = Percent(load_default=None)
    rate_fen = Fen(1, MAX_PRICE_FEN, load_default=None)
    sale_tied = Flag(load_default=False)
    weights = fields.String(load_default="equal", validate=validate.OneOf(["equal", "share", "volume"]))
    service_order = Whole(1, 1000, load_default=100)
    product_id = Id(load_default=None)
    starts_on = Day(required=True)
    ends_on = Day(load_default=None)
    terms = Text(500, load_default="")


class ConsentRowSchema(Schema):
    code = Text(20, required=True)
    head_name = Text(40, required=True)


class ConsentsSchema(Schema):
    day = Day(required=True)
    method = fields.String(required=True, validate=validate.OneOf(["signature", "thumbprint"]))
    witness = Text(40, required=True)
    second_witness = Text(40, required=True)
    consents = fields.List(fields.Nested(ConsentRowSchema), load_default=list)


class RosterRowSchema(Schema):
    household_id = Id(required=True)
    weight = Quantity(required=True)


class RosterSchema(Schema):
    from_day = Day(required=True)
    weights = fields.List(fields.Nested(RosterRowSchema), load_default=list)


class EndSchema(Schema):
    ends_on = Day(required=True)


class InvoiceSchema(Schema):
    number = Text(30, required=True)
    issued_on = Day(required=True)
    amount_fen = Fen(1, required=True)
    rate_basis_points = Whole(1, 2000, load_default=None)
    seller = Text(80, load_default="")
    reason = Text(200, load_default="")


class SharedInvoiceSchema(InvoiceSchema):
    """A bill whose amount was left blank is not on the invoice."""

    parts = fields.List(fields.Nested(InvoicePartSchema), load_default=list, validate=validate.Length(max=100))


class PrepareSchema(Schema):
    cut_on = Day(required=True)
    notice_days = Whole(1, 60, load_default=7)


class PaidSchema(Schema):
    payouts = fields.List(Id(), load_default=list)
    paid_on = Day(required=True)
    method = fields.String(required=True, validate=METHOD)
    evidence = Text(120, load_default="")


class ChosenSchema(Schema):
    """Ticked payouts, and what is to be done with them."""

    payouts = fields.List(Id(), load_default=list)
    channel = fields.String(load_default=None, validate=METHOD)
    reason = Text(200, load_default="")


class BankFileSchema(Schema):
    distribution_id = Id(required=True)
    template = Text(30, required=True)


class ResultSchema(Schema):
    paid_on = Day(load_default=None)
    good_only = fields.Boolean(load_default=False, truthy={"1", "on", "true"})


class RevealListSchema(Schema):
    reason = Text(200, required=True)
    format = fields.String(required=True, validate=validate.OneOf(["pdf", "xlsx", "csv"]))
