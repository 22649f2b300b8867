"""Parameters: dated by year and region, with their source, in force once another person has confirmed them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, NotFound, Refused
from marketplace.quota import services as quota
from tests.quota import helpers as h


@pytest.fixture
def heads(app):
    with transaction():
        h.place()
        return h.office()


@pytest.mark.parametrize(
    ("division", "year", "minimum", "encouraged", "base", "union", "last_year"),
    [
        ("430224000000", 2024, 1000, 1500, "canteen", None, False),
        ("620721000000", 2023, 1500, None, "canteen_union", None, False),
        ("340102000000", 2025, 1500, 2000, "canteen", None, True),
        ("341602000000", 2025, 1500, 2000, "canteen", 2000, True),
        ("440103000000", 2025, 3000, None, "canteen", None, False),
    ],
)
def test_what_was_published_is_there_from_the_start(app, division, year, minimum, encouraged, base, union, last_year):
    """RULES.md, Quota: the figures that were read in public sources."""
    with transaction(write=False):
        rule = quota.rule_for(division, year)
        assert (rule.minimum_bp, rule.encouraged_bp, rule.base, rule.union_share_bp, rule.not_below_last_year) == (
            minimum,
            encouraged,
            base,
            union,
            last_year,
        )
        assert rule.source
        assert rule.status == "confirmed"


def test_a_year_that_nobody_published_has_none_and_no_other_years(app):
    with transaction(write=False):
        assert quota.rule_for("430224000000", 2026) is None
        assert quota.calendar_for("430224000000", 2026).filing is None


def test_a_parameter_is_in_force_when_another_person_has_confirmed_it(heads):
    """Red when confirm_rule does not compare the persons; the database refuses it as well."""
    with transaction():
        row = quota.set_rule(heads[0], h.YEAR, "4302", minimum_bp=1000, source="文件 1")
        with pytest.raises(Refused, match="confirmer_is_setter"):
            quota.confirm_rule(heads[0], row.id)
        quota.confirm_rule(heads[1], row.id)
        with pytest.raises(Conflict, match="wrong_state"):
            quota.confirm_rule(heads[1], row.id)
        assert quota.rule_for("430224000000", h.YEAR).status == "confirmed"
        again = quota.set_rule(heads[0], h.YEAR, "4302", minimum_bp=1200, source="文件 2")
        assert (again.id, again.status, again.confirmed_by) == (row.id, "unconfirmed", None)
        with pytest.raises(IntegrityError):
            db.session.execute(text("UPDATE quota_rule SET confirmed_by = set_by WHERE year = 2026"))
        db.session.rollback()


@pytest.mark.parametrize(
    ("prefix", "figures", "code"),
    [
        ("4302", {"minimum_bp": 1500, "encouraged_bp": 1000, "source": "x"}, "encouraged_below_minimum"),
        ("4302", {"minimum_bp": 1000, "source": " "}, "source_needed"),
        ("43022", {"minimum_bp": 1000, "source": "x"}, "not_a_prefix"),
        ("430299", {"minimum_bp": 1000, "source": "x"}, "region_unknown"),
    ],
)
def test_a_wrong_parameter_is_refused(heads, prefix, figures, code):
    with transaction(), pytest.raises(Refused, match=code):
        quota.set_rule(heads[0], h.YEAR, prefix, **figures)


def test_a_parameter_without_a_rate_says_unpublished_and_is_not_confirmed(heads):
    with transaction():
        row = quota.set_rule(heads[0], h.YEAR, "4302", source="")
        assert quota.rule_for("430224000000", h.YEAR).status == "unconfirmed"
        with pytest.raises(Refused, match="rate_needed"):
            quota.confirm_rule(heads[1], row.id)


def test_an_office_sets_its_own_region_only(heads):
    with transaction():
        for prefix in ("", "43", "4401"):
            with pytest.raises(NotFound):
                quota.set_rule(heads[0], h.YEAR, prefix, minimum_bp=1, source="x")
        national = next(row for row in quota.rules_of(2024) if row.prefix == "")
        with pytest.raises(NotFound):
            quota.confirm_rule(heads[0], national.id)
