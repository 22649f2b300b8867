"""How runs of the verifier are shown."""

from marshmallow import fields, validate

from ..core.fields import Id, Moment, Shown, Taken, Whole


class StartRunSchema(Taken):
    """Nothing to say."""


class RunSchema(Shown):
    id = Id()
    started_at = Moment()
    finished_at = Moment(allow_none=True, metadata={"description": "null while it runs, or was stopped"})
    checks = Whole(metadata={"description": "How many are to be run"})
    faults = Whole()


class ResultSchema(Shown):
    name = fields.String()
    state = fields.String(validate=validate.OneOf(["running", "done", "failed"]))
    faults = Whole()
    shown = fields.List(
        fields.String(),
        allow_none=True,
        metadata={"description": "The first faults; null for whoever does not see the whole database"},
    )
    ms = Whole()
    done = Whole()
    total = Whole(allow_none=True)


class RunOpenedSchema(RunSchema):
    results = fields.List(fields.Nested(ResultSchema), metadata={"description": "Those begun, in order"})
