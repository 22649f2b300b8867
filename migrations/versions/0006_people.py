"""Members, payees, changes of households; encrypted columns."""

import sqlalchemy as sa
from alembic import op

from marketplace.core.schema import guard

revision = "0006"
down_revision = "0005"

# What UPDATE must not name: everything save the steps of approval and the sealed values, which are sealed anew.
PAYEE = (
    "id", "household_id", "agreement_id", "member_id", "name", "relation", "id_index", "id_last4", "file_id",
    "from_day", "until", "kind", "bank", "account_index", "account_last4", "odd_account", "proposed_by",
    "proposed_side", "proposed_at",
)
CHANGE = (
    "id", "household_id", "kind", "from_day", "member_id", "village", "village_before", "group_name", "group_before",
    "evidence", "file_id", "recorded_by", "recorded_at",
)


def upgrade() -> None:
    op.create_table('member',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('relation', sa.String(length=12), nullable=False),
    sa.Column('id_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('id_index', sa.LargeBinary(length=32), nullable=False),
    sa.Column('id_last4', sa.String(length=4), nullable=False),
    sa.Column('phone_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('joined_on', sa.Date(), nullable=False),
    sa.Column('left_on', sa.Date(), nullable=True),
    sa.Column('died_on', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("relation IN ('head', 'spouse', 'child', 'child_in_law', 'grandchild', 'parent', 'grandparent', 'sibling', 'other')", name=op.f('ck_member_relation')),
    sa.CheckConstraint('died_on IS NULL OR left_on = died_on', name=op.f('ck_member_died_left')),
    sa.CheckConstraint('left_on IS NULL OR left_on >= joined_on', name=op.f('ck_member_left_after_joined')),
    sa.CheckConstraint('length(id_index) = 32 AND length(id_last4) = 4', name=op.f('ck_member_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_member_household_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member'))
    )
    op.create_index(op.f('ix_member_household_id'), 'member', ['household_id'], unique=False)
    op.create_index('uq_member_head', 'member', ['household_id'], unique=True, sqlite_where=sa.text("left_on IS NULL AND relation = 'head'"), postgresql_where=sa.text("left_on IS NULL AND relation = 'head'"))
    op.create_index('uq_member_present', 'member', ['id_index'], unique=True, sqlite_where=sa.text('left_on IS NULL'), postgresql_where=sa.text('left_on IS NULL'))
    op.create_table('household_change',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('from_day', sa.Date(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('village', sa.String(length=12), nullable=True),
    sa.Column('village_before', sa.String(length=12), nullable=True),
    sa.Column('group_name', sa.String(length=20), nullable=False),
    sa.Column('group_before', sa.String(length=20), nullable=False),
    sa.Column('evidence', sa.String(length=200), nullable=False),
    sa.Column('file_id', sa.Uuid(), nullable=True),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(kind = 'died') = (member_id IS NOT NULL)", name=op.f('ck_household_change_member')),
    sa.CheckConstraint("(kind = 'moved') = (village IS NOT NULL)", name=op.f('ck_household_change_village')),
    sa.CheckConstraint("(kind = 'moved') = (village_before IS NOT NULL)", name=op.f('ck_household_change_village_before')),
    sa.CheckConstraint("decided_by IS NULL OR decided_by <> recorded_by OR state = 'refused'", name=op.f('ck_household_change_two_persons')),
    sa.CheckConstraint("kind IN ('left', 'merged', 'split', 'moved', 'died')", name=op.f('ck_household_change_kind')),
    sa.CheckConstraint("kind IN ('merged', 'split') OR state = 'in_force'", name=op.f('ck_household_change_others_at_once')),
    sa.CheckConstraint("kind NOT IN ('merged', 'split') OR (state = 'proposed') = (decided_by IS NULL)", name=op.f('ck_household_change_turning_is_decided')),
    sa.CheckConstraint("state IN ('proposed', 'in_force', 'refused')", name=op.f('ck_household_change_state')),
    sa.ForeignKeyConstraint(['decided_by'], ['user.id'], name=op.f('fk_household_change_decided_by')),
    sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_household_change_file_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_household_change_household_id')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_household_change_member_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['user.id'], name=op.f('fk_household_change_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_household_change'))
    )
    op.create_index('ix_household_change_household', 'household_change', ['household_id', 'from_day'], unique=False)
    op.create_index('uq_household_change_proposal', 'household_change', ['household_id'], unique=True, sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))
    op.create_table('household_change_part',
    sa.Column('change_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('basis_points', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('basis_points BETWEEN 1 AND 10000', name=op.f('ck_household_change_part_basis_points')),
    sa.ForeignKeyConstraint(['change_id'], ['household_change.id'], name=op.f('fk_household_change_part_change_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_household_change_part_household_id')),
    sa.PrimaryKeyConstraint('change_id', 'household_id', name=op.f('pk_household_change_part'))
    )
    op.create_index(op.f('ix_household_change_part_household_id'), 'household_change_part', ['household_id'], unique=False)
    op.create_table('payee',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=True),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('relation', sa.String(length=20), nullable=False),
    sa.Column('id_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('id_index', sa.LargeBinary(length=32), nullable=False),
    sa.Column('id_last4', sa.String(length=4), nullable=False),
    sa.Column('file_id', sa.Uuid(), nullable=True),
    sa.Column('from_day', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('bank', sa.String(length=60), nullable=False),
    sa.Column('account_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('account_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('account_last4', sa.String(length=4), nullable=False),
    sa.Column('odd_account', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('proposed_by', sa.Uuid(), nullable=False),
    sa.Column('proposed_side', sa.String(length=10), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('approved_by', sa.Uuid(), nullable=True),
    sa.Column('approved_side', sa.String(length=10), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('in_force_from', sa.Date(), nullable=True),
    sa.Column('stopped_by', sa.Uuid(), nullable=True),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.CheckConstraint("(kind = 'cash') = (account_index IS NULL)", name=op.f('ck_payee_account')),
    sa.CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name=op.f('ck_payee_ended_on_a_day')),
    sa.CheckConstraint("(state = 'stopped') = (stopped_by IS NOT NULL)", name=op.f('ck_payee_stopped_by_somebody')),
    sa.CheckConstraint("approved_by IS NULL OR proposed_side = 'office' OR approved_side = 'office'", name=op.f('ck_payee_one_office')),
    sa.CheckConstraint("kind IN ('card', 'bank', 'cash')", name=op.f('ck_payee_kind')),
    sa.CheckConstraint("state <> 'approved' OR approved_by IS NOT NULL", name=op.f('ck_payee_approved_by_somebody')),
    sa.CheckConstraint("state <> 'proposed' OR approved_by IS NULL", name=op.f('ck_payee_proposed_by_one')),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'stopped', 'ended')", name=op.f('ck_payee_state')),
    sa.CheckConstraint('(account_index IS NULL) = (account_sealed IS NULL)', name=op.f('ck_payee_account_sealed')),
    sa.CheckConstraint('(approved_by IS NULL) = (in_force_from IS NULL) AND (approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_side IS NULL)', name=op.f('ck_payee_approved_whole')),
    sa.CheckConstraint('(member_id IS NULL) = (file_id IS NOT NULL)', name=op.f('ck_payee_proxy_paper')),
    sa.CheckConstraint('approved_by IS NULL OR approved_by <> proposed_by', name=op.f('ck_payee_two_persons')),
    sa.CheckConstraint('length(id_index) = 32 AND length(id_last4) = 4', name=op.f('ck_payee_id')),
    sa.CheckConstraint('until IS NULL OR until >= from_day', name=op.f('ck_payee_until_after_from')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_payee_agreement_id')),
    sa.ForeignKeyConstraint(['approved_by'], ['user.id'], name=op.f('fk_payee_approved_by')),
    sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_payee_file_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_payee_household_id')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_payee_member_id')),
    sa.ForeignKeyConstraint(['proposed_by'], ['user.id'], name=op.f('fk_payee_proposed_by')),
    sa.ForeignKeyConstraint(['stopped_by'], ['user.id'], name=op.f('fk_payee_stopped_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payee'))
    )
    op.create_index('ix_payee_account_index', 'payee', ['account_index'], unique=False)
    op.create_index(op.f('ix_payee_agreement_id'), 'payee', ['agreement_id'], unique=False)
    op.create_index('ix_payee_household_state', 'payee', ['household_id', 'state'], unique=False)
    op.create_index(op.f('ix_payee_member_id'), 'payee', ['member_id'], unique=False)
    op.create_index('ix_payee_state_in_force_from', 'payee', ['state', 'in_force_from'], unique=False)
    op.create_index('uq_payee_proposal', 'payee', ['household_id'], unique=True, sqlite_where=sa.text("state = 'proposed' AND agreement_id IS NULL"), postgresql_where=sa.text("state = 'proposed' AND agreement_id IS NULL"))
    op.create_index('uq_payee_proposal_agreement', 'payee', ['household_id', 'agreement_id'], unique=True, sqlite_where=sa.text("state = 'proposed' AND agreement_id IS NOT NULL"), postgresql_where=sa.text("state = 'proposed' AND agreement_id IS NOT NULL"))
    guard("payee", fixed=PAYEE)
    guard("household_change", fixed=CHANGE)
    guard("household_change_part")


def downgrade() -> None:
    op.drop_table("payee")
    op.drop_table("household_change_part")
    op.drop_table("household_change")
    op.drop_table("member")
