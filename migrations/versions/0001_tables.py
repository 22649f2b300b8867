"""everything of the main path."""

import sqlalchemy as sa
from alembic import op

from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=False),
    sa.Column('party_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('kind', 'owner_id', 'party_id', name=op.f('uq_account_kind_owner_id_party_id'))
    )
    op.create_index(op.f('ix_account_owner_id'), 'account', ['owner_id'], unique=False)
    op.create_index(op.f('ix_account_party_id'), 'account', ['party_id'], unique=False)
    op.create_table('audit_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('actor_name', sa.String(length=80), nullable=False),
    sa.Column('verb', sa.String(length=60), nullable=False),
    sa.Column('object_kind', sa.String(length=40), nullable=False),
    sa.Column('object_id', sa.String(length=60), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    op.create_index('ix_audit_event_object', 'audit_event', ['object_kind', 'object_id'], unique=False)
    op.create_index(op.f('ix_audit_event_organisation_id'), 'audit_event', ['organisation_id'], unique=False)
    op.create_table('category',
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('parent_code', sa.String(length=20), nullable=True),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('name_en', sa.String(length=60), nullable=False),
    sa.Column('tile', sa.String(length=1), nullable=False),
    sa.Column('papers', sa.JSON(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['parent_code'], ['category.code'], name=op.f('fk_category_parent_code')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_category'))
    )
    op.create_table('channel',
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.CheckConstraint("kind IN ('pavilion', 'zone', 'counter', 'online')", name=op.f('ck_channel_kind')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_channel'))
    )
    op.create_table('division',
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('level', sa.SmallInteger(), nullable=False),
    sa.Column('parent_code', sa.String(length=12), nullable=True),
    sa.Column('starts', sa.Date(), nullable=True),
    sa.Column('ends', sa.Date(), nullable=True),
    sa.Column('has_households', sa.Boolean(), nullable=False),
    sa.CheckConstraint('(level = 1) = (parent_code IS NULL)', name=op.f('ck_division_only_a_province_has_no_parent')),
    sa.CheckConstraint('ends IS NULL OR starts IS NULL OR ends >= starts', name=op.f('ck_division_ends_after_it_starts')),
    sa.CheckConstraint('length(code) = 12', name=op.f('ck_division_code_has_twelve_digits')),
    sa.CheckConstraint('level BETWEEN 1 AND 5', name=op.f('ck_division_level_is_known')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_division'))
    )
    op.create_index(op.f('ix_division_parent_code'), 'division', ['parent_code'], unique=False)
    op.create_table('division_successor',
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('successor_code', sa.String(length=12), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('code', 'successor_code', name=op.f('pk_division_successor'))
    )
    op.create_index(op.f('ix_division_successor_successor_code'), 'division_successor', ['successor_code'], unique=False)
    op.create_table('figure',
    sa.Column('dimension', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('period', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('lines', sa.BigInteger(), nullable=False),
    sa.Column('money_fen', sa.BigInteger(), nullable=False),
    sa.Column('attributed_fen', sa.BigInteger(), nullable=False),
    sa.Column('owed_fen', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('dimension', 'key', 'period', name=op.f('pk_figure'))
    )
    op.create_table('file',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=60), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_file'))
    )
    op.create_index(op.f('ix_file_organisation_id'), 'file', ['organisation_id'], unique=False)
    op.create_index(op.f('ix_file_sha256'), 'file', ['sha256'], unique=False)
    op.create_table('finding',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('object_kind', sa.String(length=40), nullable=False),
    sa.Column('object_id', sa.String(length=80), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_finding')),
    sa.UniqueConstraint('kind', 'object_id', name=op.f('uq_finding_kind_object_id'))
    )
    op.create_index(op.f('ix_finding_division'), 'finding', ['division'], unique=False)
    op.create_table('household',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('pseudonym', sa.LargeBinary(length=16), nullable=False),
    sa.Column('head_name', sa.String(length=40), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('present_division', sa.String(length=12), nullable=False),
    sa.Column('group_name', sa.String(length=20), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('class', sa.String(length=12), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("class IN ('none', 'registered', 'unstable', 'marginal', 'sudden')", name=op.f('ck_household_class')),
    sa.CheckConstraint('size BETWEEN 1 AND 30', name=op.f('ck_household_size')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_household')),
    sa.UniqueConstraint('code', name=op.f('uq_household_code')),
    sa.UniqueConstraint('pseudonym', name=op.f('uq_household_pseudonym'))
    )
    op.create_index('ix_household_present_division', 'household', ['present_division', 'group_name'], unique=False)
    op.create_table('idempotency_key',
    sa.Column('actor', sa.String(length=36), nullable=False),
    sa.Column('route', sa.String(length=120), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('body_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.BigInteger(), nullable=False),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('actor', 'route', 'key', name=op.f('pk_idempotency_key'))
    )
    op.create_index(op.f('ix_idempotency_key_at'), 'idempotency_key', ['at'], unique=False)
    op.create_table('number_counter',
    sa.Column('series', sa.String(length=80), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('series', name=op.f('pk_number_counter'))
    )
    op.create_table('organisation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('supplier_kind', sa.String(length=20), nullable=True),
    sa.Column('agency_kind', sa.String(length=20), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('short_name', sa.String(length=40), nullable=False),
    sa.Column('credit_code', sa.String(length=18), nullable=True),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('prefix', sa.String(length=12), nullable=False),
    sa.Column('parent_id', sa.Uuid(), nullable=True),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('account_name', sa.String(length=80), nullable=False),
    sa.Column('bank_reference', sa.String(length=120), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('platform', 'supplier', 'agency', 'office', 'auditor')", name=op.f('ck_organisation_kind')),
    sa.CheckConstraint("supplier_kind IS NULL OR supplier_kind IN ('enterprise', 'cooperative', 'family_farm', 'workshop')", name=op.f('ck_organisation_supplier_kind')),
    sa.ForeignKeyConstraint(['parent_id'], ['organisation.id'], name=op.f('fk_organisation_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation')),
    sa.UniqueConstraint('credit_code', name=op.f('uq_organisation_credit_code')),
    sa.UniqueConstraint('name', name=op.f('uq_organisation_name'))
    )
    op.create_index('ix_organisation_kind_division', 'organisation', ['kind', 'division'], unique=False)
    op.create_index(op.f('ix_organisation_parent_id'), 'organisation', ['parent_id'], unique=False)
    op.create_table('outbox_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('topic', sa.String(length=60), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('error', sa.String(length=200), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_event'))
    )
    op.create_index('ix_outbox_event_open', 'outbox_event', ['done_at', 'due_at'], unique=False)
    op.create_table('posted_source',
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('journal_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'source', name=op.f('pk_posted_source')),
    sa.UniqueConstraint('journal_id', 'kind', 'source', name='uq_posted_source_journal')
    )
    op.create_table('programme',
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_programme'))
    )
    op.create_table('search_counter',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_counter'))
    )
    op.create_table('search_document',
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('gone', sa.Boolean(), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('tokens', sa.Text().with_variant(postgresql.TSVECTOR(), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('offer_id', name=op.f('pk_search_document')),
    sa.UniqueConstraint('number', name=op.f('uq_search_document_number'))
    )
    op.create_index('ix_search_document_tokens', 'search_document', ['tokens'], unique=False, postgresql_using='gin', postgresql_with={'fastupdate': 'off'})
    op.create_table('sign_in_attempt',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ok', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_attempt'))
    )
    op.create_index('ix_sign_in_attempt_address_at', 'sign_in_attempt', ['address', 'at'], unique=False)
    op.create_index('ix_sign_in_attempt_name_at', 'sign_in_attempt', ['name', 'at'], unique=False)
    op.create_table('journal',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('period', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('concerns_period', sa.BigInteger(), nullable=True),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('concerns_period IS NULL OR concerns_period <= period', name=op.f('ck_journal_concerns_period')),
    sa.CheckConstraint('length(region) = 12', name=op.f('ck_journal_region')),
    sa.CheckConstraint('n >= 1', name=op.f('ck_journal_n')),
    sa.CheckConstraint('period = CAST(substr(CAST(day AS VARCHAR(10)), 1, 4) AS INTEGER) * 100 + CAST(substr(CAST(day AS VARCHAR(10)), 6, 2) AS INTEGER)', name=op.f('ck_journal_period')),
    sa.ForeignKeyConstraint(['id', 'kind', 'source'], ['posted_source.journal_id', 'posted_source.kind', 'posted_source.source'], name='fk_journal_posted_source'),
    sa.ForeignKeyConstraint(['id', 'n'], ['entry.journal_id', 'entry.no'], name='fk_journal_last_entry', initially='DEFERRED', deferrable=True, use_alter=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_journal')),
    sa.UniqueConstraint('id', 'n', name='uq_journal_slots')
    )
    op.create_index(op.f('ix_journal_period'), 'journal', ['period'], unique=False)
    op.create_table('product',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('category_code', sa.String(length=20), nullable=False),
    sa.Column('base_unit', sa.String(length=4), nullable=False),
    sa.Column('comparable_unit', sa.String(length=4), nullable=False),
    sa.Column('comparable_per_base', sa.BigInteger(), nullable=False),
    sa.Column('grade', sa.String(length=120), nullable=False),
    sa.Column('storage', sa.String(length=120), nullable=False),
    sa.Column('shelf_life_days', sa.BigInteger(), nullable=True),
    sa.Column('origin', sa.String(length=12), nullable=False),
    sa.Column('certificates', sa.JSON(), nullable=False),
    sa.Column('description', sa.String(length=1000), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("base_unit IN ('千克', '升', '枚', '只')", name=op.f('ck_product_base_unit')),
    sa.CheckConstraint('comparable_per_base > 0', name=op.f('ck_product_comparable')),
    sa.ForeignKeyConstraint(['category_code'], ['category.code'], name=op.f('fk_product_category_code')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_product_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product')),
    sa.UniqueConstraint('code', name=op.f('uq_product_code'))
    )
    op.create_index('ix_product_category_code', 'product', ['category_code'], unique=False)
    op.create_index(op.f('ix_product_supplier_id'), 'product', ['supplier_id'], unique=False)
    op.create_table('programme_county',
    sa.Column('programme', sa.String(length=20), nullable=False),
    sa.Column('county_code', sa.String(length=12), nullable=False),
    sa.Column('starts', sa.Date(), nullable=False),
    sa.Column('ends', sa.Date(), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.CheckConstraint('ends IS NULL OR ends >= starts', name=op.f('ck_programme_county_ends_after_it_starts')),
    sa.ForeignKeyConstraint(['programme'], ['programme.code'], name=op.f('fk_programme_county_programme')),
    sa.PrimaryKeyConstraint('programme', 'county_code', 'starts', name=op.f('pk_programme_county'))
    )
    op.create_table('quota_plan',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agency_id', sa.Uuid(), nullable=False),
    sa.Column('year', sa.BigInteger(), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('base_fen', sa.BigInteger(), nullable=False),
    sa.Column('minimum_basis_points', sa.BigInteger(), nullable=False),
    sa.Column('target_fen', sa.BigInteger(), nullable=False),
    sa.Column('ceiling_fen', sa.BigInteger(), nullable=True),
    sa.Column('committed_fen', sa.BigInteger(), nullable=False),
    sa.Column('settled_fen', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('filed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('ceiling_fen IS NULL OR committed_fen + settled_fen <= ceiling_fen', name=op.f('ck_quota_plan_ceiling')),
    sa.CheckConstraint('committed_fen >= 0 AND settled_fen >= 0', name=op.f('ck_quota_plan_counters')),
    sa.CheckConstraint('target_fen > 0 AND base_fen >= 0', name=op.f('ck_quota_plan_target')),
    sa.ForeignKeyConstraint(['agency_id'], ['organisation.id'], name=op.f('fk_quota_plan_agency_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quota_plan')),
    sa.UniqueConstraint('agency_id', 'year', name=op.f('uq_quota_plan_agency_id_year'))
    )
    op.create_index(op.f('ix_quota_plan_division'), 'quota_plan', ['division'], unique=False)
    op.create_table('reference_price',
    sa.Column('category_code', sa.String(length=20), nullable=False),
    sa.Column('comparable_unit', sa.String(length=4), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('offers', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['category_code'], ['category.code'], name=op.f('fk_reference_price_category_code')),
    sa.PrimaryKeyConstraint('category_code', 'comparable_unit', name=op.f('pk_reference_price'))
    )
    op.create_table('user',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('sign_in_name', sa.String(length=60), nullable=False),
    sa.Column('display_name', sa.String(length=40), nullable=False),
    sa.Column('password', sa.String(length=255), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('fs_uniquifier', sa.String(length=64), nullable=False),
    sa.Column('locale', sa.String(length=5), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_user_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user')),
    sa.UniqueConstraint('fs_uniquifier', name=op.f('uq_user_fs_uniquifier')),
    sa.UniqueConstraint('sign_in_name', name=op.f('uq_user_sign_in_name'))
    )
    op.create_index(op.f('ix_user_organisation_id'), 'user', ['organisation_id'], unique=False)
    op.create_table('agreement',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('basis', sa.String(length=12), nullable=True),
    sa.Column('rate_basis_points', sa.BigInteger(), nullable=True),
    sa.Column('rate_fen', sa.BigInteger(), nullable=True),
    sa.Column('weights', sa.String(length=8), nullable=False),
    sa.Column('service_order', sa.BigInteger(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('terms', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(kind = 'dividend') = (rate_basis_points IS NOT NULL)", name=op.f('ck_agreement_rate_of_dividend')),
    sa.CheckConstraint("(kind = 'premium') = (rate_fen IS NOT NULL)", name=op.f('ck_agreement_rate_of_premium')),
    sa.CheckConstraint("(kind = 'produce') = (basis IS NOT NULL)", name=op.f('ck_agreement_basis_of_produce')),
    sa.CheckConstraint("basis IS NULL OR basis IN ('outright', 'consignment')", name=op.f('ck_agreement_basis')),
    sa.CheckConstraint("kind IN ('produce', 'dividend', 'premium')", name=op.f('ck_agreement_kind')),
    sa.CheckConstraint("weights IN ('share', 'volume', 'equal')", name=op.f('ck_agreement_weights')),
    sa.CheckConstraint('ends_on IS NULL OR ends_on >= starts_on', name=op.f('ck_agreement_dates')),
    sa.CheckConstraint('rate_basis_points BETWEEN 1 AND 10000', name=op.f('ck_agreement_rate_basis_points')),
    sa.CheckConstraint('rate_fen > 0', name=op.f('ck_agreement_rate_fen')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_agreement_product_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_agreement_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement')),
    sa.UniqueConstraint('number', name=op.f('uq_agreement_number'))
    )
    op.create_index('ix_agreement_supplier_state', 'agreement', ['supplier_id', 'state'], unique=False)
    op.create_table('api_token',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('hint', sa.String(length=8), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_api_token_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_token_digest'))
    )
    op.create_index(op.f('ix_api_token_user_id'), 'api_token', ['user_id'], unique=False)
    op.create_table('distribution',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('cut_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('total_fen', sa.BigInteger(), nullable=False),
    sa.Column('households', sa.BigInteger(), nullable=False),
    sa.Column('prepared_by', sa.Uuid(), nullable=True),
    sa.Column('prepared_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('approved_by', sa.Uuid(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state <> 'approved' OR approved_by <> prepared_by", name=op.f('ck_distribution_two_persons')),
    sa.CheckConstraint("state IN ('draft', 'approved', 'discarded')", name=op.f('ck_distribution_state')),
    sa.ForeignKeyConstraint(['approved_by'], ['user.id'], name=op.f('fk_distribution_approved_by')),
    sa.ForeignKeyConstraint(['prepared_by'], ['user.id'], name=op.f('fk_distribution_prepared_by')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_distribution_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_distribution')),
    sa.UniqueConstraint('number', name=op.f('uq_distribution_number'))
    )
    op.create_index(op.f('ix_distribution_supplier_id'), 'distribution', ['supplier_id'], unique=False)
    op.create_index('uq_distribution_supplier_draft', 'distribution', ['supplier_id'], unique=True, sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
    op.create_table('entry',
    sa.Column('journal_id', sa.Uuid(), nullable=False),
    sa.Column('no', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('after', sa.BigInteger(), sa.Computed('NULLIF(no - 1, 0)', persisted=True), nullable=True),
    sa.Column('debit_id', sa.Uuid(), nullable=False),
    sa.Column('credit_id', sa.Uuid(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_entry_amount')),
    sa.CheckConstraint('debit_id <> credit_id', name=op.f('ck_entry_sides')),
    sa.CheckConstraint('no BETWEEN 1 AND n', name=op.f('ck_entry_no')),
    sa.ForeignKeyConstraint(['credit_id'], ['account.id'], name=op.f('fk_entry_credit_id')),
    sa.ForeignKeyConstraint(['debit_id'], ['account.id'], name=op.f('fk_entry_debit_id')),
    sa.ForeignKeyConstraint(['journal_id', 'after'], ['entry.journal_id', 'entry.no'], name='fk_entry_follows'),
    sa.ForeignKeyConstraint(['journal_id', 'n'], ['journal.id', 'journal.n'], name='fk_entry_slot', initially='DEFERRED', deferrable=True),
    sa.PrimaryKeyConstraint('journal_id', 'no', name=op.f('pk_entry'))
    )
    op.create_index(op.f('ix_entry_credit_id'), 'entry', ['credit_id'], unique=False)
    op.create_index(op.f('ix_entry_debit_id'), 'entry', ['debit_id'], unique=False)
    op.create_table('grant',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('programme', sa.String(length=20), nullable=False),
    sa.Column('office_id', sa.Uuid(), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=False),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('committed_value_fen', sa.BigInteger(), nullable=False),
    sa.Column('used_fen', sa.BigInteger(), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('in_force', 'suspended', 'revoked')", name=op.f('ck_grant_state')),
    sa.CheckConstraint('committed_value_fen >= 0', name=op.f('ck_grant_committed_value')),
    sa.CheckConstraint('valid_to >= valid_from', name=op.f('ck_grant_dates')),
    sa.ForeignKeyConstraint(['office_id'], ['organisation.id'], name=op.f('fk_grant_office_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_grant_product_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_grant_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grant')),
    sa.UniqueConstraint('number', name=op.f('uq_grant_number'))
    )
    op.create_index(op.f('ix_grant_division'), 'grant', ['division'], unique=False)
    op.create_index('ix_grant_product_id_programme', 'grant', ['product_id', 'programme'], unique=False)
    op.create_index(op.f('ix_grant_supplier_id'), 'grant', ['supplier_id'], unique=False)
    op.create_table('offer',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=False),
    sa.Column('order_unit', sa.String(length=6), nullable=False),
    sa.Column('price_unit', sa.String(length=6), nullable=False),
    sa.Column('pricing', sa.String(length=8), nullable=False),
    sa.Column('content', sa.BigInteger(), nullable=False),
    sa.Column('step', sa.BigInteger(), nullable=False),
    sa.Column('pack', sa.BigInteger(), nullable=False),
    sa.Column('minimum', sa.BigInteger(), nullable=False),
    sa.Column('tolerance_basis_points', sa.BigInteger(), nullable=False),
    sa.Column('stock', sa.BigInteger(), nullable=False),
    sa.Column('reserved', sa.BigInteger(), nullable=False),
    sa.Column('season_from', sa.BigInteger(), nullable=False),
    sa.Column('season_to', sa.BigInteger(), nullable=False),
    sa.Column('lead_days', sa.BigInteger(), nullable=False),
    sa.Column('comparable_fen', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('listed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("pricing IN ('counted', 'weighed')", name=op.f('ck_offer_pricing')),
    sa.CheckConstraint("state IN ('on_sale', 'withdrawn')", name=op.f('ck_offer_state')),
    sa.CheckConstraint('content > 0 AND step > 0 AND pack > 0 AND minimum > 0', name=op.f('ck_offer_positive')),
    sa.CheckConstraint('reserved >= 0 AND reserved <= stock', name=op.f('ck_offer_reserved_within_stock')),
    sa.CheckConstraint('tolerance_basis_points BETWEEN 0 AND 2000', name=op.f('ck_offer_tolerance')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_offer_product_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_offer_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offer')),
    sa.UniqueConstraint('code', name=op.f('uq_offer_code'))
    )
    op.create_index(op.f('ix_offer_product_id'), 'offer', ['product_id'], unique=False)
    op.create_index('ix_offer_state_listed_at', 'offer', ['state', 'listed_at'], unique=False)
    op.create_index(op.f('ix_offer_supplier_id'), 'offer', ['supplier_id'], unique=False)
    op.create_table('requisition',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('agency_id', sa.Uuid(), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('deliver_on', sa.Date(), nullable=True),
    sa.Column('window', sa.String(length=40), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('contact', sa.String(length=40), nullable=False),
    sa.Column('budget_line', sa.String(length=60), nullable=False),
    sa.Column('total_fen', sa.BigInteger(), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_by', sa.Uuid(), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state <> 'approved' OR decided_by <> submitted_by", name=op.f('ck_requisition_two_persons')),
    sa.CheckConstraint("state IN ('draft', 'submitted', 'approved', 'rejected', 'withdrawn')", name=op.f('ck_requisition_state')),
    sa.ForeignKeyConstraint(['agency_id'], ['organisation.id'], name=op.f('fk_requisition_agency_id')),
    sa.ForeignKeyConstraint(['channel'], ['channel.code'], name=op.f('fk_requisition_channel')),
    sa.ForeignKeyConstraint(['created_by'], ['user.id'], name=op.f('fk_requisition_created_by')),
    sa.ForeignKeyConstraint(['decided_by'], ['user.id'], name=op.f('fk_requisition_decided_by')),
    sa.ForeignKeyConstraint(['submitted_by'], ['user.id'], name=op.f('fk_requisition_submitted_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_requisition')),
    sa.UniqueConstraint('number', name=op.f('uq_requisition_number'))
    )
    op.create_index('ix_requisition_agency_id_state', 'requisition', ['agency_id', 'state'], unique=False)
    op.create_index(op.f('ix_requisition_division'), 'requisition', ['division'], unique=False)
    op.create_table('user_role',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_user_role_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'role', name=op.f('pk_user_role'))
    )
    op.create_table('consent',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('method', sa.String(length=10), nullable=False),
    sa.Column('witness', sa.String(length=40), nullable=False),
    sa.Column('second_witness', sa.String(length=40), nullable=False),
    sa.Column('file_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("method IN ('signature', 'thumbprint')", name=op.f('ck_consent_method')),
    sa.CheckConstraint('witness <> second_witness', name=op.f('ck_consent_two_witnesses')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_consent_agreement_id')),
    sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_consent_file_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_consent_household_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent')),
    sa.UniqueConstraint('agreement_id', 'household_id', name=op.f('uq_consent_agreement_id_household_id'))
    )
    op.create_index(op.f('ix_consent_household_id'), 'consent', ['household_id'], unique=False)
    op.create_table('lot',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=True),
    sa.Column('basis', sa.String(length=12), nullable=True),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('harvested_on', sa.Date(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('taken', sa.BigInteger(), nullable=False),
    sa.Column('cost_fen', sa.BigInteger(), nullable=False),
    sa.Column('households', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('cost_fen >= 0', name=op.f('ck_lot_cost')),
    sa.CheckConstraint('size > 0 AND taken BETWEEN 0 AND size', name=op.f('ck_lot_taken_within_size')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_lot_agreement_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_lot_product_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_lot_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot')),
    sa.UniqueConstraint('supplier_id', 'number', name=op.f('uq_lot_supplier_id_number'))
    )
    op.create_index('ix_lot_product_id', 'lot', ['product_id'], unique=False)
    op.create_table('payout',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('distribution_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('fen', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.Column('period', sa.BigInteger(), nullable=True),
    sa.Column('method', sa.String(length=10), nullable=False),
    sa.Column('evidence', sa.String(length=120), nullable=False),
    sa.Column('paid_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name=op.f('ck_payout_paid_on')),
    sa.CheckConstraint("state IN ('to_pay', 'paid')", name=op.f('ck_payout_state')),
    sa.CheckConstraint('fen > 0', name=op.f('ck_payout_fen')),
    sa.ForeignKeyConstraint(['distribution_id'], ['distribution.id'], name=op.f('fk_payout_distribution_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_payout_household_id')),
    sa.ForeignKeyConstraint(['paid_by'], ['user.id'], name=op.f('fk_payout_paid_by')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_payout_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payout')),
    sa.UniqueConstraint('distribution_id', 'household_id', name=op.f('uq_payout_distribution_id_household_id'))
    )
    op.create_index(op.f('ix_payout_division'), 'payout', ['division'], unique=False)
    op.create_index('ix_payout_household_id', 'payout', ['household_id'], unique=False)
    op.create_index('ix_payout_supplier_id_state', 'payout', ['supplier_id', 'state'], unique=False)
    op.create_table('pool',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('source_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('mechanism', sa.String(length=12), nullable=False),
    sa.Column('makes_debt', sa.Boolean(), nullable=False),
    sa.Column('total_fen', sa.BigInteger(), nullable=False),
    sa.Column('distributed_fen', sa.BigInteger(), nullable=False),
    sa.Column('sold', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('lot', 'roster')", name=op.f('ck_pool_kind')),
    sa.CheckConstraint('total_fen >= 0 AND distributed_fen BETWEEN 0 AND total_fen', name=op.f('ck_pool_distributed_within_total')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_pool_agreement_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_pool_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pool')),
    sa.UniqueConstraint('kind', 'source_id', name=op.f('uq_pool_kind_source_id'))
    )
    op.create_index(op.f('ix_pool_agreement_id'), 'pool', ['agreement_id'], unique=False)
    op.create_index('ix_pool_supplier_id', 'pool', ['supplier_id'], unique=False)
    op.create_table('price_break',
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('from_quantity', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('from_quantity > 0', name=op.f('ck_price_break_from_quantity')),
    sa.CheckConstraint('price_fen > 0', name=op.f('ck_price_break_price')),
    sa.ForeignKeyConstraint(['offer_id'], ['offer.id'], name=op.f('fk_price_break_offer_id')),
    sa.PrimaryKeyConstraint('offer_id', 'from_quantity', name=op.f('pk_price_break'))
    )
    op.create_table('purchase_order',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('requisition_id', sa.Uuid(), nullable=False),
    sa.Column('agency_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=True),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('agency_division', sa.String(length=12), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('requested_by', sa.Uuid(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('period', sa.BigInteger(), nullable=False),
    sa.Column('confirm_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_reason', sa.String(length=300), nullable=False),
    sa.Column('deliver_on', sa.Date(), nullable=False),
    sa.Column('window', sa.String(length=40), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('contact', sa.String(length=40), nullable=False),
    sa.Column('total_fen', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['organisation.id'], name=op.f('fk_purchase_order_agency_id')),
    sa.ForeignKeyConstraint(['channel'], ['channel.code'], name=op.f('fk_purchase_order_channel')),
    sa.ForeignKeyConstraint(['plan_id'], ['quota_plan.id'], name=op.f('fk_purchase_order_plan_id')),
    sa.ForeignKeyConstraint(['requested_by'], ['user.id'], name=op.f('fk_purchase_order_requested_by')),
    sa.ForeignKeyConstraint(['requisition_id'], ['requisition.id'], name=op.f('fk_purchase_order_requisition_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_purchase_order_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order')),
    sa.UniqueConstraint('number', name=op.f('uq_purchase_order_number'))
    )
    op.create_index(op.f('ix_purchase_order_agency_division'), 'purchase_order', ['agency_division'], unique=False)
    op.create_index('ix_purchase_order_agency_id_state', 'purchase_order', ['agency_id', 'state'], unique=False)
    op.create_index(op.f('ix_purchase_order_division'), 'purchase_order', ['division'], unique=False)
    op.create_index('ix_purchase_order_period', 'purchase_order', ['period'], unique=False)
    op.create_index(op.f('ix_purchase_order_plan_id'), 'purchase_order', ['plan_id'], unique=False)
    op.create_index(op.f('ix_purchase_order_requisition_id'), 'purchase_order', ['requisition_id'], unique=False)
    op.create_index('ix_purchase_order_supplier_id_state', 'purchase_order', ['supplier_id', 'state'], unique=False)
    op.create_table('requisition_line',
    sa.Column('requisition_id', sa.Uuid(), nullable=False),
    sa.Column('no', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('counts', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['offer_id'], ['offer.id'], name=op.f('fk_requisition_line_offer_id')),
    sa.ForeignKeyConstraint(['requisition_id'], ['requisition.id'], name=op.f('fk_requisition_line_requisition_id')),
    sa.PrimaryKeyConstraint('requisition_id', 'no', name=op.f('pk_requisition_line')),
    sa.UniqueConstraint('requisition_id', 'offer_id', name=op.f('uq_requisition_line_requisition_id_offer_id'))
    )
    op.create_table('roster',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('from_day', sa.Date(), nullable=False),
    sa.Column('households', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_roster_agreement_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster')),
    sa.UniqueConstraint('agreement_id', 'from_day', name=op.f('uq_roster_agreement_id_from_day'))
    )
    op.create_table('distribution_pool',
    sa.Column('distribution_id', sa.Uuid(), nullable=False),
    sa.Column('pool_id', sa.Uuid(), nullable=False),
    sa.Column('before_fen', sa.BigInteger(), nullable=False),
    sa.Column('after_fen', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['distribution_id'], ['distribution.id'], name=op.f('fk_distribution_pool_distribution_id')),
    sa.ForeignKeyConstraint(['pool_id'], ['pool.id'], name=op.f('fk_distribution_pool_pool_id')),
    sa.PrimaryKeyConstraint('distribution_id', 'pool_id', name=op.f('pk_distribution_pool'))
    )
    op.create_table('distribution_share',
    sa.Column('distribution_id', sa.Uuid(), nullable=False),
    sa.Column('pool_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('fen', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('fen > 0', name=op.f('ck_distribution_share_fen')),
    sa.ForeignKeyConstraint(['distribution_id'], ['distribution.id'], name=op.f('fk_distribution_share_distribution_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_distribution_share_household_id')),
    sa.ForeignKeyConstraint(['pool_id'], ['pool.id'], name=op.f('fk_distribution_share_pool_id')),
    sa.PrimaryKeyConstraint('distribution_id', 'pool_id', 'household_id', name=op.f('pk_distribution_share'))
    )
    op.create_index('ix_distribution_share_household_id', 'distribution_share', ['household_id'], unique=False)
    op.create_table('lot_paper',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('file_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_lot_paper_file_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_lot_paper_lot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot_paper')),
    sa.UniqueConstraint('lot_id', 'kind', name=op.f('uq_lot_paper_lot_id_kind'))
    )
    op.create_table('order_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('no', sa.BigInteger(), nullable=False),
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=False),
    sa.Column('category_code', sa.String(length=20), nullable=False),
    sa.Column('grant_id', sa.Uuid(), nullable=True),
    sa.Column('counts', sa.Boolean(), nullable=False),
    sa.Column('pricing', sa.String(length=8), nullable=False),
    sa.Column('order_unit', sa.String(length=6), nullable=False),
    sa.Column('price_unit', sa.String(length=6), nullable=False),
    sa.Column('base_unit', sa.String(length=4), nullable=False),
    sa.Column('content', sa.BigInteger(), nullable=False),
    sa.Column('tolerance_basis_points', sa.BigInteger(), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('reference_fen', sa.BigInteger(), nullable=True),
    sa.Column('price_reason', sa.String(length=200), nullable=False),
    sa.Column('money_fen', sa.BigInteger(), nullable=False),
    sa.Column('ordered', sa.BigInteger(), nullable=False),
    sa.Column('open', sa.BigInteger(), nullable=False),
    sa.Column('in_transit', sa.BigInteger(), nullable=False),
    sa.Column('accepted', sa.BigInteger(), nullable=False),
    sa.Column('rejected', sa.BigInteger(), nullable=False),
    sa.Column('cancelled', sa.BigInteger(), nullable=False),
    sa.Column('returned', sa.BigInteger(), nullable=False),
    sa.Column('settled', sa.BigInteger(), nullable=False),
    sa.Column('accepted_base', sa.BigInteger(), nullable=False),
    sa.Column('accepted_fen', sa.BigInteger(), nullable=False),
    sa.Column('settled_fen', sa.BigInteger(), nullable=False),
    sa.Column('committed_fen', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('committed_fen >= 0', name=op.f('ck_order_line_committed')),
    sa.CheckConstraint('ordered = "open" + in_transit + accepted + rejected + cancelled', name=op.f('ck_order_line_identity')),
    sa.CheckConstraint('ordered > 0 AND "open" >= 0 AND in_transit >= 0 AND accepted >= 0 AND rejected >= 0 AND cancelled >= 0', name=op.f('ck_order_line_not_negative')),
    sa.CheckConstraint('returned BETWEEN 0 AND accepted', name=op.f('ck_order_line_returned')),
    sa.CheckConstraint('settled BETWEEN 0 AND accepted', name=op.f('ck_order_line_settled')),
    sa.ForeignKeyConstraint(['category_code'], ['category.code'], name=op.f('fk_order_line_category_code')),
    sa.ForeignKeyConstraint(['grant_id'], ['grant.id'], name=op.f('fk_order_line_grant_id')),
    sa.ForeignKeyConstraint(['offer_id'], ['offer.id'], name=op.f('fk_order_line_offer_id')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_order_line_order_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_order_line_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_line')),
    sa.UniqueConstraint('order_id', 'no', name=op.f('uq_order_line_order_id_no'))
    )
    op.create_index(op.f('ix_order_line_offer_id'), 'order_line', ['offer_id'], unique=False)
    op.create_index('ix_order_line_product_id', 'order_line', ['product_id'], unique=False)
    op.create_table('pool_movement',
    sa.Column('pool_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('before_fen', sa.BigInteger(), nullable=False),
    sa.Column('after_fen', sa.BigInteger(), nullable=False),
    sa.Column('source_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('period', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('before_fen >= 0 AND after_fen > before_fen', name=op.f('ck_pool_movement_grows')),
    sa.ForeignKeyConstraint(['pool_id'], ['pool.id'], name=op.f('fk_pool_movement_pool_id')),
    sa.PrimaryKeyConstraint('pool_id', 'seq', name=op.f('pk_pool_movement')),
    sa.UniqueConstraint('source_id', 'pool_id', name=op.f('uq_pool_movement_source_id_pool_id'))
    )
    op.create_index('ix_pool_movement_period', 'pool_movement', ['period'], unique=False)
    op.create_table('roster_entry',
    sa.Column('roster_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('weight', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('weight > 0', name=op.f('ck_roster_entry_weight')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_roster_entry_household_id')),
    sa.ForeignKeyConstraint(['roster_id'], ['roster.id'], name=op.f('fk_roster_entry_roster_id')),
    sa.PrimaryKeyConstraint('roster_id', 'household_id', name=op.f('pk_roster_entry'))
    )
    op.create_index('ix_roster_entry_household_id', 'roster_entry', ['household_id'], unique=False)
    op.create_table('shipment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('no', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('carrier', sa.String(length=80), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('shipped_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shipped_by', sa.Uuid(), nullable=True),
    sa.Column('expected_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_shipment_order_id')),
    sa.ForeignKeyConstraint(['shipped_by'], ['user.id'], name=op.f('fk_shipment_shipped_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shipment')),
    sa.UniqueConstraint('number', name=op.f('uq_shipment_number')),
    sa.UniqueConstraint('order_id', 'no', name=op.f('uq_shipment_order_id_no'))
    )
    op.create_index('ix_shipment_state', 'shipment', ['state'], unique=False)
    op.create_table('slip',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('basis', sa.String(length=12), nullable=False),
    sa.Column('item', sa.String(length=60), nullable=False),
    sa.Column('grade', sa.String(length=20), nullable=False),
    sa.Column('pieces', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(length=4), nullable=False),
    sa.Column('gross', sa.BigInteger(), nullable=False),
    sa.Column('tare', sa.BigInteger(), nullable=False),
    sa.Column('net', sa.BigInteger(), nullable=False),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('deduction_fen', sa.BigInteger(), nullable=False),
    sa.Column('payable_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_fen', sa.BigInteger(), nullable=False),
    sa.Column('delivered_on', sa.Date(), nullable=False),
    sa.Column('period', sa.BigInteger(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint("basis IN ('outright', 'consignment')", name=op.f('ck_slip_basis')),
    sa.CheckConstraint('paid_fen BETWEEN 0 AND payable_fen', name=op.f('ck_slip_paid_within_payable')),
    sa.CheckConstraint('price_fen > 0 AND deduction_fen >= 0 AND payable_fen > 0', name=op.f('ck_slip_money')),
    sa.CheckConstraint('tare >= 0 AND gross > tare AND net = gross - tare', name=op.f('ck_slip_weights')),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_slip_agreement_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_slip_household_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_slip_lot_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_slip_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slip')),
    sa.UniqueConstraint('supplier_id', 'number', name=op.f('uq_slip_supplier_id_number'))
    )
    op.create_index(op.f('ix_slip_division'), 'slip', ['division'], unique=False)
    op.create_index('ix_slip_household_id_delivered_on', 'slip', ['household_id', 'delivered_on'], unique=False)
    op.create_index('ix_slip_lot_id', 'slip', ['lot_id'], unique=False)
    op.create_index('ix_slip_supplier_id_delivered_on', 'slip', ['supplier_id', 'delivered_on'], unique=False)
    op.create_table('acceptance',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('shipment_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('period', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_by', sa.Uuid(), nullable=True),
    sa.Column('witness', sa.String(length=40), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('money_fen', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['accepted_by'], ['user.id'], name=op.f('fk_acceptance_accepted_by')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_acceptance_order_id')),
    sa.ForeignKeyConstraint(['shipment_id'], ['shipment.id'], name=op.f('fk_acceptance_shipment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptance')),
    sa.UniqueConstraint('number', name=op.f('uq_acceptance_number')),
    sa.UniqueConstraint('shipment_id', name=op.f('uq_acceptance_shipment_id'))
    )
    op.create_index(op.f('ix_acceptance_order_id'), 'acceptance', ['order_id'], unique=False)
    op.create_table('farm_payment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slip_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=False),
    sa.Column('period', sa.BigInteger(), nullable=False),
    sa.Column('method', sa.String(length=10), nullable=False),
    sa.Column('evidence', sa.String(length=120), nullable=False),
    sa.Column('file_id', sa.Uuid(), nullable=True),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint("method IN ('cash', 'transfer')", name=op.f('ck_farm_payment_method')),
    sa.CheckConstraint('fen > 0', name=op.f('ck_farm_payment_fen')),
    sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_farm_payment_file_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_farm_payment_household_id')),
    sa.ForeignKeyConstraint(['slip_id'], ['slip.id'], name=op.f('fk_farm_payment_slip_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_farm_payment_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_farm_payment'))
    )
    op.create_index('ix_farm_payment_household_id', 'farm_payment', ['household_id'], unique=False)
    op.create_index(op.f('ix_farm_payment_slip_id'), 'farm_payment', ['slip_id'], unique=False)
    op.create_index(op.f('ix_farm_payment_supplier_id'), 'farm_payment', ['supplier_id'], unique=False)
    op.create_table('shipment_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('shipment_id', sa.Uuid(), nullable=False),
    sa.Column('no', sa.BigInteger(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('accepted', sa.BigInteger(), nullable=False),
    sa.Column('rejected', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('accepted >= 0 AND rejected >= 0 AND accepted + rejected <= quantity', name=op.f('ck_shipment_line_within_shipped')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_shipment_line_quantity')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_shipment_line_lot_id')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_line.id'], name=op.f('fk_shipment_line_order_line_id')),
    sa.ForeignKeyConstraint(['shipment_id'], ['shipment.id'], name=op.f('fk_shipment_line_shipment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shipment_line')),
    sa.UniqueConstraint('shipment_id', 'no', name=op.f('uq_shipment_line_shipment_id_no'))
    )
    op.create_index('ix_shipment_line_lot_id', 'shipment_line', ['lot_id'], unique=False)
    op.create_index('ix_shipment_line_order_line_id', 'shipment_line', ['order_line_id'], unique=False)
    op.create_table('acceptance_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('acceptance_id', sa.Uuid(), nullable=False),
    sa.Column('no', sa.BigInteger(), nullable=False),
    sa.Column('shipment_line_id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('accepted', sa.BigInteger(), nullable=False),
    sa.Column('rejected', sa.BigInteger(), nullable=False),
    sa.Column('net', sa.BigInteger(), nullable=False),
    sa.Column('money_fen', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.CheckConstraint("rejected = 0 OR reason <> ''", name=op.f('ck_acceptance_line_rejected_with_reason')),
    sa.CheckConstraint('accepted >= 0 AND rejected >= 0 AND accepted + rejected > 0', name=op.f('ck_acceptance_line_quantities')),
    sa.CheckConstraint('money_fen >= 0 AND net >= 0', name=op.f('ck_acceptance_line_money')),
    sa.ForeignKeyConstraint(['acceptance_id'], ['acceptance.id'], name=op.f('fk_acceptance_line_acceptance_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_acceptance_line_lot_id')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_line.id'], name=op.f('fk_acceptance_line_order_line_id')),
    sa.ForeignKeyConstraint(['shipment_line_id'], ['shipment_line.id'], name=op.f('fk_acceptance_line_shipment_line_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptance_line')),
    sa.UniqueConstraint('shipment_line_id', name=op.f('uq_acceptance_line_shipment_line_id'))
    )
    op.create_index('ix_acceptance_line_acceptance_id', 'acceptance_line', ['acceptance_id'], unique=False)
    op.create_index('ix_acceptance_line_order_line_id', 'acceptance_line', ['order_line_id'], unique=False)
    op.create_table('bill',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('payment_code', sa.String(length=16), nullable=False),
    sa.Column('acceptance_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('agency_id', sa.Uuid(), nullable=False),
    sa.Column('division', sa.String(length=12), nullable=False),
    sa.Column('agency_division', sa.String(length=12), nullable=False),
    sa.Column('account_name', sa.String(length=80), nullable=False),
    sa.Column('bank_reference', sa.String(length=120), nullable=False),
    sa.Column('total_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_fen', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.CheckConstraint("(state = 'paid') = (paid_fen = total_fen)", name=op.f('ck_bill_paid_in_full')),
    sa.CheckConstraint('total_fen > 0 AND paid_fen BETWEEN 0 AND total_fen', name=op.f('ck_bill_paid_within_total')),
    sa.ForeignKeyConstraint(['acceptance_id'], ['acceptance.id'], name=op.f('fk_bill_acceptance_id')),
    sa.ForeignKeyConstraint(['agency_id'], ['organisation.id'], name=op.f('fk_bill_agency_id')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_bill_order_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_bill_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bill')),
    sa.UniqueConstraint('acceptance_id', name=op.f('uq_bill_acceptance_id')),
    sa.UniqueConstraint('payment_code', name=op.f('uq_bill_payment_code')),
    sa.UniqueConstraint('supplier_id', 'number', name=op.f('uq_bill_supplier_id_number'))
    )
    op.create_index('ix_bill_agency_id_state', 'bill', ['agency_id', 'state'], unique=False)
    op.create_index(op.f('ix_bill_order_id'), 'bill', ['order_id'], unique=False)
    op.create_index('ix_bill_supplier_id_state', 'bill', ['supplier_id', 'state'], unique=False)
    op.create_table('settled_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('bill_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('agency_id', sa.Uuid(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=True),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('category_code', sa.String(length=20), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('origin', sa.String(length=12), nullable=False),
    sa.Column('agency_division', sa.String(length=12), nullable=False),
    sa.Column('eligible', sa.Boolean(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('period', sa.BigInteger(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('net', sa.BigInteger(), nullable=False),
    sa.Column('money_fen', sa.BigInteger(), nullable=False),
    sa.Column('attributed_fen', sa.BigInteger(), nullable=False),
    sa.Column('owed_fen', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('money_fen > 0 AND attributed_fen BETWEEN 0 AND money_fen', name=op.f('ck_settled_line_attributed_within_money')),
    sa.CheckConstraint('owed_fen BETWEEN 0 AND attributed_fen', name=op.f('ck_settled_line_owed_within_attributed')),
    sa.ForeignKeyConstraint(['agency_id'], ['organisation.id'], name=op.f('fk_settled_line_agency_id')),
    sa.ForeignKeyConstraint(['bill_id'], ['bill.id'], name=op.f('fk_settled_line_bill_id')),
    sa.ForeignKeyConstraint(['id'], ['acceptance_line.id'], name=op.f('fk_settled_line_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_settled_line_lot_id')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_settled_line_order_id')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_line.id'], name=op.f('fk_settled_line_order_line_id')),
    sa.ForeignKeyConstraint(['plan_id'], ['quota_plan.id'], name=op.f('fk_settled_line_plan_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_settled_line_product_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_settled_line_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settled_line'))
    )
    op.create_index(op.f('ix_settled_line_agency_division'), 'settled_line', ['agency_division'], unique=False)
    op.create_index('ix_settled_line_agency_id_period', 'settled_line', ['agency_id', 'period'], unique=False)
    op.create_index(op.f('ix_settled_line_bill_id'), 'settled_line', ['bill_id'], unique=False)
    op.create_index(op.f('ix_settled_line_lot_id'), 'settled_line', ['lot_id'], unique=False)
    op.create_index(op.f('ix_settled_line_order_id'), 'settled_line', ['order_id'], unique=False)
    op.create_index(op.f('ix_settled_line_order_line_id'), 'settled_line', ['order_line_id'], unique=False)
    op.create_index(op.f('ix_settled_line_origin'), 'settled_line', ['origin'], unique=False)
    op.create_index('ix_settled_line_period_origin', 'settled_line', ['period', 'origin'], unique=False)
    op.create_index('ix_settled_line_plan_id', 'settled_line', ['plan_id'], unique=False)
    op.create_index('ix_settled_line_product_id', 'settled_line', ['product_id'], unique=False)
    op.create_index('ix_settled_line_supplier_id_period', 'settled_line', ['supplier_id', 'period'], unique=False)
    op.create_table('tax_invoice',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('bill_id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=30), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('rate_basis_points', sa.BigInteger(), nullable=True),
    sa.Column('seller', sa.String(length=80), nullable=False),
    sa.Column('file_id', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('amount_fen > 0', name=op.f('ck_tax_invoice_amount')),
    sa.ForeignKeyConstraint(['bill_id'], ['bill.id'], name=op.f('fk_tax_invoice_bill_id')),
    sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_tax_invoice_file_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['organisation.id'], name=op.f('fk_tax_invoice_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tax_invoice')),
    sa.UniqueConstraint('supplier_id', 'number', name=op.f('uq_tax_invoice_supplier_id_number'))
    )
    op.create_index(op.f('ix_tax_invoice_bill_id'), 'tax_invoice', ['bill_id'], unique=False)
    op.create_table('transfer',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('bill_id', sa.Uuid(), nullable=False),
    sa.Column('fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=False),
    sa.Column('bank_serial', sa.String(length=60), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_by', sa.Uuid(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('recorded', 'confirmed', 'refused')", name=op.f('ck_transfer_state')),
    sa.CheckConstraint('fen > 0', name=op.f('ck_transfer_fen')),
    sa.ForeignKeyConstraint(['answered_by'], ['user.id'], name=op.f('fk_transfer_answered_by')),
    sa.ForeignKeyConstraint(['bill_id'], ['bill.id'], name=op.f('fk_transfer_bill_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['user.id'], name=op.f('fk_transfer_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transfer'))
    )
    op.create_index(op.f('ix_transfer_bill_id'), 'transfer', ['bill_id'], unique=False)
    op.create_index('uq_transfer_bill_live', 'transfer', ['bill_id'], unique=True, sqlite_where=sa.text("state <> 'refused'"), postgresql_where=sa.text("state <> 'refused'"))
    if op.get_bind().dialect.name == "postgresql":  # SQLite has it inline
        op.create_foreign_key(
            "fk_journal_last_entry", "journal", "entry", ["id", "n"], ["journal_id", "no"],
            initially="DEFERRED", deferrable=True,
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_journal_last_entry", "journal", type_="foreignkey")
    op.drop_index('uq_transfer_bill_live', table_name='transfer', sqlite_where=sa.text("state <> 'refused'"), postgresql_where=sa.text("state <> 'refused'"))
    op.drop_index(op.f('ix_transfer_bill_id'), table_name='transfer')
    op.drop_table('transfer')
    op.drop_index(op.f('ix_tax_invoice_bill_id'), table_name='tax_invoice')
    op.drop_table('tax_invoice')
    op.drop_index('ix_settled_line_supplier_id_period', table_name='settled_line')
    op.drop_index('ix_settled_line_product_id', table_name='settled_line')
    op.drop_index('ix_settled_line_plan_id', table_name='settled_line')
    op.drop_index('ix_settled_line_period_origin', table_name='settled_line')
    op.drop_index(op.f('ix_settled_line_origin'), table_name='settled_line')
    op.drop_index(op.f('ix_settled_line_order_line_id'), table_name='settled_line')
    op.drop_index(op.f('ix_settled_line_order_id'), table_name='settled_line')
    op.drop_index(op.f('ix_settled_line_lot_id'), table_name='settled_line')
    op.drop_index(op.f('ix_settled_line_bill_id'), table_name='settled_line')
    op.drop_index('ix_settled_line_agency_id_period', table_name='settled_line')
    op.drop_index(op.f('ix_settled_line_agency_division'), table_name='settled_line')
    op.drop_table('settled_line')
    op.drop_index('ix_bill_supplier_id_state', table_name='bill')
    op.drop_index(op.f('ix_bill_order_id'), table_name='bill')
    op.drop_index('ix_bill_agency_id_state', table_name='bill')
    op.drop_table('bill')
    op.drop_index('ix_acceptance_line_order_line_id', table_name='acceptance_line')
    op.drop_index('ix_acceptance_line_acceptance_id', table_name='acceptance_line')
    op.drop_table('acceptance_line')
    op.drop_index('ix_shipment_line_order_line_id', table_name='shipment_line')
    op.drop_index('ix_shipment_line_lot_id', table_name='shipment_line')
    op.drop_table('shipment_line')
    op.drop_index(op.f('ix_farm_payment_supplier_id'), table_name='farm_payment')
    op.drop_index(op.f('ix_farm_payment_slip_id'), table_name='farm_payment')
    op.drop_index('ix_farm_payment_household_id', table_name='farm_payment')
    op.drop_table('farm_payment')
    op.drop_index(op.f('ix_acceptance_order_id'), table_name='acceptance')
    op.drop_table('acceptance')
    op.drop_index('ix_slip_supplier_id_delivered_on', table_name='slip')
    op.drop_index('ix_slip_lot_id', table_name='slip')
    op.drop_index('ix_slip_household_id_delivered_on', table_name='slip')
    op.drop_index(op.f('ix_slip_division'), table_name='slip')
    op.drop_table('slip')
    op.drop_index('ix_shipment_state', table_name='shipment')
    op.drop_table('shipment')
    op.drop_index('ix_roster_entry_household_id', table_name='roster_entry')
    op.drop_table('roster_entry')
    op.drop_index('ix_pool_movement_period', table_name='pool_movement')
    op.drop_table('pool_movement')
    op.drop_index('ix_order_line_product_id', table_name='order_line')
    op.drop_index(op.f('ix_order_line_offer_id'), table_name='order_line')
    op.drop_table('order_line')
    op.drop_table('lot_paper')
    op.drop_index('ix_distribution_share_household_id', table_name='distribution_share')
    op.drop_table('distribution_share')
    op.drop_table('distribution_pool')
    op.drop_table('roster')
    op.drop_table('requisition_line')
    op.drop_index('ix_purchase_order_supplier_id_state', table_name='purchase_order')
    op.drop_index(op.f('ix_purchase_order_requisition_id'), table_name='purchase_order')
    op.drop_index(op.f('ix_purchase_order_plan_id'), table_name='purchase_order')
    op.drop_index('ix_purchase_order_period', table_name='purchase_order')
    op.drop_index(op.f('ix_purchase_order_division'), table_name='purchase_order')
    op.drop_index('ix_purchase_order_agency_id_state', table_name='purchase_order')
    op.drop_index(op.f('ix_purchase_order_agency_division'), table_name='purchase_order')
    op.drop_table('purchase_order')
    op.drop_table('price_break')
    op.drop_index('ix_pool_supplier_id', table_name='pool')
    op.drop_index(op.f('ix_pool_agreement_id'), table_name='pool')
    op.drop_table('pool')
    op.drop_index('ix_payout_supplier_id_state', table_name='payout')
    op.drop_index('ix_payout_household_id', table_name='payout')
    op.drop_index(op.f('ix_payout_division'), table_name='payout')
    op.drop_table('payout')
    op.drop_index('ix_lot_product_id', table_name='lot')
    op.drop_table('lot')
    op.drop_index(op.f('ix_consent_household_id'), table_name='consent')
    op.drop_table('consent')
    op.drop_table('user_role')
    op.drop_index(op.f('ix_requisition_division'), table_name='requisition')
    op.drop_index('ix_requisition_agency_id_state', table_name='requisition')
    op.drop_table('requisition')
    op.drop_index(op.f('ix_offer_supplier_id'), table_name='offer')
    op.drop_index('ix_offer_state_listed_at', table_name='offer')
    op.drop_index(op.f('ix_offer_product_id'), table_name='offer')
    op.drop_table('offer')
    op.drop_index(op.f('ix_grant_supplier_id'), table_name='grant')
    op.drop_index('ix_grant_product_id_programme', table_name='grant')
    op.drop_index(op.f('ix_grant_division'), table_name='grant')
    op.drop_table('grant')
    op.drop_index(op.f('ix_entry_debit_id'), table_name='entry')
    op.drop_index(op.f('ix_entry_credit_id'), table_name='entry')
    op.drop_table('entry')
    op.drop_index('uq_distribution_supplier_draft', table_name='distribution', sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
    op.drop_index(op.f('ix_distribution_supplier_id'), table_name='distribution')
    op.drop_table('distribution')
    op.drop_index(op.f('ix_api_token_user_id'), table_name='api_token')
    op.drop_table('api_token')
    op.drop_index('ix_agreement_supplier_state', table_name='agreement')
    op.drop_table('agreement')
    op.drop_index(op.f('ix_user_organisation_id'), table_name='user')
    op.drop_table('user')
    op.drop_table('reference_price')
    op.drop_index(op.f('ix_quota_plan_division'), table_name='quota_plan')
    op.drop_table('quota_plan')
    op.drop_table('programme_county')
    op.drop_index(op.f('ix_product_supplier_id'), table_name='product')
    op.drop_index('ix_product_category_code', table_name='product')
    op.drop_table('product')
    op.drop_index(op.f('ix_journal_period'), table_name='journal')
    op.drop_table('journal')
    op.drop_index('ix_sign_in_attempt_name_at', table_name='sign_in_attempt')
    op.drop_index('ix_sign_in_attempt_address_at', table_name='sign_in_attempt')
    op.drop_table('sign_in_attempt')
    op.drop_index('ix_search_document_tokens', table_name='search_document', postgresql_using='gin', postgresql_with={'fastupdate': 'off'})
    op.drop_table('search_document')
    op.drop_table('search_counter')
    op.drop_table('programme')
    op.drop_table('posted_source')
    op.drop_index('ix_outbox_event_open', table_name='outbox_event')
    op.drop_table('outbox_event')
    op.drop_index(op.f('ix_organisation_parent_id'), table_name='organisation')
    op.drop_index('ix_organisation_kind_division', table_name='organisation')
    op.drop_table('organisation')
    op.drop_table('number_counter')
    op.drop_index(op.f('ix_idempotency_key_at'), table_name='idempotency_key')
    op.drop_table('idempotency_key')
    op.drop_index('ix_household_present_division', table_name='household')
    op.drop_table('household')
    op.drop_index(op.f('ix_finding_division'), table_name='finding')
    op.drop_table('finding')
    op.drop_index(op.f('ix_file_sha256'), table_name='file')
    op.drop_index(op.f('ix_file_organisation_id'), table_name='file')
    op.drop_table('file')
    op.drop_table('figure')
    op.drop_index(op.f('ix_division_successor_successor_code'), table_name='division_successor')
    op.drop_table('division_successor')
    op.drop_index(op.f('ix_division_parent_code'), table_name='division')
    op.drop_table('division')
    op.drop_table('channel')
    op.drop_table('category')
    op.drop_index(op.f('ix_audit_event_organisation_id'), table_name='audit_event')
    op.drop_index('ix_audit_event_object', table_name='audit_event')
    op.drop_table('audit_event')
    op.drop_index(op.f('ix_account_party_id'), table_name='account')
    op.drop_index(op.f('ix_account_owner_id'), table_name='account')
    op.drop_table('account')

