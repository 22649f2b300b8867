"""How the journal's state, checkpoints and public keys are shown: what an auditor's own program fetches and keeps."""

from marshmallow import fields

from ..core.fields import Moment, Shown, Whole


class ChainSchema(Shown):
    name = fields.String(metadata={"description": "`all`, or the six digits of a county"})
    seq = Whole(1, metadata={"description": "The number of its last seal"})
    hash = fields.String(metadata={"description": "That seal's SHA-256 in hex"})
    sealed_at = Moment()


class StateSchema(Shown):
    sealed = Whole()
    unsealed = Whole()
    unsealed_seconds = Whole(metadata={"description": "How long the oldest unsealed journal waits"})
    guards_stand = fields.Boolean()
    chains = fields.List(fields.Nested(ChainSchema))


class CheckpointSchema(Shown):
    """`heads` is [[chain, seq, hash], …]; the form is that of docs/ledger.md, as the verifier reads it."""

    format = fields.String()
    no = Whole(1)
    at = fields.String(metadata={"description": "As it was signed, to the microsecond"})
    heads = fields.List(fields.List(fields.Raw()))
    key = fields.String()
    signature = fields.String()


class KeySchema(Shown):
    id = fields.String(metadata={"description": "SHA-256 of the public key in hex"})
    public = fields.String(metadata={"description": "The 32 bytes of an Ed25519 key in hex"})
    pem = fields.String()
    valid_from = Moment()
    valid_to = Moment(allow_none=True)
