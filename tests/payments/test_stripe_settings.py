"""What the application refuses to start with, and what leaves no trace of its keys."""

import pytest

from marketplace.payments import card_rules, gateway
from marketplace.settings import SettingsError, from_environment

FULL = {
    "DATABASE_URL": "sqlite:////tmp/x.sqlite",
    "SECRET_KEY": "s" * 40,
    "PASSWORD_SALT": "p" * 40,
    "PUBLIC_URL": "https://bangfu.example",
    "BANGFU_KEYS_FILE": "/tmp/keys.json",
}
TEST, LIVE, HOOK = "sk_test_CANARY123", "sk_live_CANARY123", "whsec_CANARY123"


def started(demo=False, **stripe):
    given = {f"BANGFU_STRIPE_{name.upper()}": value for name, value in stripe.items()}
    return from_environment(({"BANGFU_DEMO": "1"} if demo else FULL) | given)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("demo", "stripe", "said"),
    [
        (True, {"key": LIVE, "webhook_secret": HOOK}, "demo mode takes no live key"),
        (True, {"key": "rk_live_CANARY123", "webhook_secret": HOOK}, "demo mode takes no live key"),
        (False, {"key": LIVE}, "BANGFU_STRIPE_WEBHOOK_SECRET is not set"),
        (False, {"key": "pk_test_CANARY123", "webhook_secret": HOOK}, "is no secret key"),
        (False, {"key": LIVE, "webhook_secret": HOOK, "api_base": "http://127.0.0.1:8420"}, "API_BASE"),
        (False, {"key": TEST, "webhook_secret": HOOK, "api_base": "http://elsewhere.example"}, "API_BASE"),
    ],
)
def test_it_does_not_start_with(demo, stripe, said):
    """Red when a line of `_stripe_faults` is taken away. The values are not quoted."""
    with pytest.raises(SettingsError) as reason:
        started(demo, **stripe)
    assert said in str(reason.value)
    assert "CANARY" not in str(reason.value)


@pytest.mark.unit
def test_it_starts_without_stripe_with_a_live_key_and_with_a_server_on_loopback():
    assert started().stripe_key == ""
    live = started(key=LIVE, webhook_secret=HOOK)
    assert live.stripe_key == LIVE
    assert "CANARY" not in repr(live)
    assert started(True, key=TEST, webhook_secret=HOOK, api_base="http://127.0.0.1:8420").stripe_api_base
    assert "CANARY" not in repr(gateway.Config(LIVE, HOOK))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("kind", "counted", "may"),
    [
        ("union", {"canteen"}, True),
        ("state_firm", {"canteen"}, True),
        ("budget_unit", {"canteen"}, False),
        ("budget_unit", {"contractor"}, False),
        ("budget_unit", {"union"}, True),
        ("budget_unit", {"employee"}, True),
        ("budget_unit", {"union", "canteen"}, False),  # a month's bill of both
        ("budget_unit", set(), False),
        (None, set(), False),
    ],
)
def test_whose_money_may_go_by_card(kind, counted, may):
    assert card_rules.may_pay_by_card(kind, counted) is may


@pytest.mark.unit
def test_money_that_stripe_has_is_believed_from_every_state_and_nothing_leads_back():
    for state in ("new", "open", "processing", "failed", "cancelled"):
        assert card_rules.forward(card_rules.PAYMENT, "succeed", state) == "succeeded"
    for verb in ("open", "process", "fail", "cancel"):
        assert card_rules.forward(card_rules.PAYMENT, verb, "succeeded") is None
    assert card_rules.forward(card_rules.REFUND, "send", "succeeded") is None
    assert card_rules.forward(card_rules.REFUND, "succeed", "failed") is None
