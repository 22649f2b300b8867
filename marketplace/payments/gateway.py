"""The one door to Stripe: what we ask of it, its answers as plain values, its errors as ours. Nobody else imports stripe.

Every call names the supplier's connected account (direct charges: the money is the supplier's, never ours) and carries
our row's id as idempotency key, so that a repeat does nothing new. No call belongs inside a transaction (DESIGN.md).
A Stripe object never leaves this module; neither do the secrets: the key, client secrets, what a customer typed.

`configure` is called by the composition root; without a key card payment is off and `current` raises Refused.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import DomainError, Refused, Unavailable

if TYPE_CHECKING:
    import stripe

# The version that the library was generated from: pinned, so that an account's own setting changes nothing here.
API_VERSION = "2026-10-28.endive"
TIMEOUT = (3.05, 15.0)  # seconds to connect, to read
RETRIES = 2  # on lost connections, 409 and 5xx, under the same idempotency key
TOLERANCE = 300  # seconds that a webhook's signature may be old
METHODS = ("card", "alipay", "wechat_pay")
CURRENCY = "cny"
PAGE = 100

log = logging.getLogger("bangfu.stripe")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Config:
    """`api_base` is set where another server stands for Stripe (localstripe in tests)."""

    key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    api_base: str = ""


@dataclass(frozen=True)
class Account:
    """A connected account: `state` pending, active or restricted; `methods` that it may take; how much it still owes
    Stripe in papers (`due`)."""

    id: str
    state: str
    methods: tuple[str, ...]
    due: int


@dataclass(frozen=True)
class Checkout:
    """Stripe's own payment page: `state` open, complete or expired; `url` while it is open."""

    id: str
    account: str
    state: str
    url: str
    payment: str | None
    row: str | None


@dataclass(frozen=True)
class Payment:
    """A PaymentIntent: `state` waiting, processing, succeeded or cancelled; `row` is our row's id from its metadata;
    `method` what was paid with (card, alipay, wechat_pay), once it is."""

    id: str
    account: str
    state: str
    fen: int
    received_fen: int
    currency: str
    row: str | None
    error: str
    at: datetime
    method: str = ""


@dataclass(frozen=True)
class Refund:
    """`state` pending, succeeded, failed or cancelled."""

    id: str
    account: str
    state: str
    fen: int
    currency: str
    payment: str | None
    row: str | None
    at: datetime


@dataclass(frozen=True)
class Entry:
    """A transaction of an account's balance: `fen` before Stripe's `fee_fen`; `about` is the PaymentIntent or refund that
    it is of, if it is of one; `available`: the net may be paid out."""

    id: str
    type: str
    fen: int
    fee_fen: int
    about: str | None
    available: bool


@dataclass(frozen=True)
class Event:
    """What is kept of a webhook: ids alone. The object itself is read again before anything is believed."""

    id: str
    type: str
    account: str | None
    object_id: str
    payment: str | None
    at: datetime
    live: bool


_PAYMENT_STATES = {"succeeded": "succeeded", "processing": "processing", "canceled": "cancelled"}
_REFUND_STATES = {"succeeded": "succeeded", "failed": "failed", "canceled": "cancelled"}


class Gateway:
    def __init__(self, config: Config, http_client: "stripe.HTTPClient | None" = None) -> None:
        import stripe  # a third of a second: only an installation that takes cards pays it

        self._errors, self._webhook = stripe, stripe.WebhookSignature
        stripe.enable_telemetry = False
        logging.getLogger("stripe").setLevel(logging.CRITICAL)  # it would log bodies: names, addresses, client secrets
        self._secret = config.webhook_secret
        self._client: Any = stripe.StripeClient(
            config.key,
            stripe_version=API_VERSION,
            base_addresses={"api": config.api_base} if config.api_base else None,
            max_network_retries=RETRIES,
            http_client=http_client or stripe.RequestsClient(timeout=TIMEOUT),
        )
        self.live = config.key.startswith(("sk_live_", "rk_live_"))

    # Accounts

    def create_account(self, *, key: str, name: str, credit_code: str | None) -> Account:
        """A connected account for a supplier, which gives its papers to Stripe itself. `key`: our row's id."""
        params: dict[str, Any] = {
            "controller": {
                "fees": {"payer": "account"},
                "losses": {"payments": "stripe"},
                "stripe_dashboard": {"type": "full"},
                "requirement_collection": "stripe",
            },
            "business_profile": {"name": name},
            "capabilities": {f"{method}_payments": {"requested": True} for method in METHODS},
            "metadata": {"bangfu_supplier": key, "credit_code": credit_code or ""},
        }
        options = {"idempotency_key": f"account-{key}"}
        return _account(self._call(lambda: self._client.v1.accounts.create(params, options)))

    def onboarding_link(self, account: str, *, return_url: str, refresh_url: str) -> str:
        """The page at Stripe where the supplier gives its papers; it lives some minutes and opens once."""
        params: dict[str, Any] = {
            "account": account,
            "type": "account_onboarding",
            "return_url": return_url,
            "refresh_url": refresh_url,
        }
        return str(self._call(lambda: self._client.v1.account_links.create(params))["url"])

    def account(self, account: str) -> Account:
        return _account(self._call(lambda: self._client.v1.accounts.retrieve(account)))

    # Paying

    def open_checkout(
        self,
        *,
        key: str,
        account: str,
        fen: int,
        methods: tuple[str, ...],
        what: str,
        return_url: str,
        expires_at: datetime,
    ) -> Checkout:
        """A payment page at Stripe for exactly `fen` CNY, whose PaymentIntent carries our row's id (`key`).

        No field for a card stands on our pages: no card data touches this server.
        """
        marks = {"bangfu_payment": key}
        params: dict[str, Any] = {
            "mode": "payment",
            "payment_method_types": list(methods),
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {"currency": CURRENCY, "unit_amount": fen, "product_data": {"name": what}},
                }
            ],
            "payment_intent_data": {"metadata": marks, "description": what},
            "metadata": marks,
            "client_reference_id": key,
            "success_url": return_url,
            "cancel_url": return_url,
            "expires_at": int(expires_at.timestamp()),
            "locale": "zh",
        }
        if "wechat_pay" in methods:
            params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        options = {"stripe_account": account, "idempotency_key": key}
        made = self._call(lambda: self._client.v1.checkout.sessions.create(params, options))
        return _checkout(made, account)

    def checkout(self, account: str, id_: str) -> Checkout:
        options = {"stripe_account": account}
        return _checkout(self._call(lambda: self._client.v1.checkout.sessions.retrieve(id_, None, options)), account)

    def expire_checkout(self, account: str, id_: str) -> Checkout:
        """Nobody can pay on that page any more. Raises Refused('card_refused_by_stripe') where it is too late."""
        options = {"stripe_account": account}
        return _checkout(self._call(lambda: self._client.v1.checkout.sessions.expire(id_, None, options)), account)

    def payment(self, account: str, id_: str) -> Payment:
        options = {"stripe_account": account}
        params: dict[str, Any] = {"expand": ["latest_charge"]}
        return _payment(self._call(lambda: self._client.v1.payment_intents.retrieve(id_, params, options)), account)

    def payments(self, account: str, since: datetime, after: str | None = None) -> Iterator[Payment]:
        """Those made since, newest first; `after` goes on behind that one."""
        service = self._client.v1.payment_intents
        asked = {"created": {"gte": int(since.timestamp())}, "expand": ["data.latest_charge"]}
        for found in self._listed(service.list, account, asked, after):
            yield _payment(found, account)

    # Refunds

    def refund(self, *, key: str, account: str, payment: str, fen: int) -> Refund:
        """Money of a payment goes back to the customer. `key`: our row's id."""
        params: dict[str, Any] = {"payment_intent": payment, "amount": fen, "metadata": {"bangfu_refund": key}}
        options = {"stripe_account": account, "idempotency_key": key}
        return _refund(self._call(lambda: self._client.v1.refunds.create(params, options)), account)

    def one_refund(self, account: str, id_: str) -> Refund:
        options = {"stripe_account": account}
        return _refund(self._call(lambda: self._client.v1.refunds.retrieve(id_, None, options)), account)

    def refunds_of(self, account: str, payment: str) -> list[Refund]:
        found = self._listed(self._client.v1.refunds.list, account, {"payment_intent": payment}, None)
        return [_refund(one, account) for one in found]

    def refunds(self, account: str, since: datetime, after: str | None = None) -> Iterator[Refund]:
        service = self._client.v1.refunds
        for found in self._listed(service.list, account, {"created": {"gte": int(since.timestamp())}}, after):
            yield _refund(found, account)

    def balance(self, account: str, since: datetime) -> Iterator[Entry]:
        """The account's balance transactions since then, newest first. Raises Refused where it does not give them."""
        service = self._client.v1.balance_transactions
        asked = {"created": {"gte": int(since.timestamp())}, "expand": ["data.source"]}
        for found in self._listed(service.list, account, asked, None):
            yield _entry(found)

    # Webhooks

    def event(self, body: bytes, signature: str | None) -> Event:
        """What a webhook's raw body says, once its signature and age are right. Raises Refused('webhook_forged')."""
        try:
            self._webhook.verify_header(body, signature, self._secret, TOLERANCE)
            return _event(json.loads(body))
        except (self._errors.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError):
            raise Refused("webhook_forged") from None

    def _listed(self, fetch: Any, account: str, params: dict[str, Any], after: str | None) -> Iterator[dict[str, Any]]:
        while True:
            asked = {**params, "limit": PAGE, **({"starting_after": after} if after else {})}
            page = self._call(partial(fetch, asked, {"stripe_account": account}))
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            after = page["data"][-1]["id"]

    def _call(self, ask: Callable[[], Any]) -> dict[str, Any]:
        """The answer as a dict. Raises Refused or Unavailable; the log says the kind and Stripe's own request id, never
        a message, which may quote what a customer typed."""
        try:
            answer: dict[str, Any] = ask().to_dict()
            return answer
        except self._errors.StripeError as error:
            raise self._ours(error) from None

    def _ours(self, error: "stripe.StripeError") -> DomainError:
        kinds = self._errors
        log.warning(
            "stripe refused: %s %s %s", type(error).__name__, getattr(error, "code", None) or "", error.request_id or ""
        )
        if isinstance(error, kinds.CardError):
            return Refused("card_declined")
        if isinstance(error, kinds.PermissionError) and _code(error) not in (None, "account_invalid"):
            return Refused("card_refused_by_stripe", reason=_code(error))
        if isinstance(error, kinds.InvalidRequestError):
            code = "card_unknown_at_stripe" if error.http_status == 404 else "card_refused_by_stripe"
            return Refused(code, reason=error.code or "invalid_request")
        return Unavailable("card_unavailable", retry_after=30)


def _code(error: "stripe.StripeError") -> str | None:
    """Stripe's own code, which the library leaves out of the errors of permission."""
    return error.code or getattr(error.error, "code", None)


def _at(moment: Any) -> datetime:
    return datetime.fromtimestamp(int(moment), UTC)


def _id_of(value: Any) -> str | None:
    """Of a reference, which Stripe gives as an id or, expanded, as the object."""
    return value.get("id") if isinstance(value, dict) else value


def _account(raw: dict[str, Any]) -> Account:
    requirements = raw.get("requirements") or {}
    capabilities = raw.get("capabilities") or {}
    methods = tuple(method for method in METHODS if capabilities.get(f"{method}_payments") == "active")
    if raw.get("charges_enabled") and methods:
        state = "active"
    else:
        state = "restricted" if raw.get("details_submitted") or requirements.get("disabled_reason") else "pending"
    return Account(raw["id"], state, methods, len(requirements.get("currently_due") or ()))


def _checkout(raw: dict[str, Any], account: str) -> Checkout:
    return Checkout(
        id=raw["id"],
        account=account,
        state=raw["status"],
        url=raw.get("url") or "",
        payment=_id_of(raw.get("payment_intent")),
        row=(raw.get("metadata") or {}).get("bangfu_payment"),
    )


def _payment(raw: dict[str, Any], account: str) -> Payment:
    succeeded = raw["status"] == "succeeded"
    charge = raw.get("latest_charge")
    paid_with = (charge.get("payment_method_details") or {}) if isinstance(charge, dict) else {}
    return Payment(
        id=raw["id"],
        account=account,
        state=_PAYMENT_STATES.get(raw["status"], "waiting"),
        fen=raw["amount"],
        received_fen=raw.get("amount_received", raw["amount"] if succeeded else 0),
        currency=raw["currency"],
        row=(raw.get("metadata") or {}).get("bangfu_payment"),
        error=str((raw.get("last_payment_error") or {}).get("code") or "")[:60],
        at=_at(raw["created"]),
        method=str(paid_with.get("type") or "")[:20],
    )


def _refund(raw: dict[str, Any], account: str) -> Refund:
    return Refund(
        id=raw["id"],
        account=account,
        state=_REFUND_STATES.get(raw["status"], "pending"),
        fen=raw["amount"],
        currency=raw["currency"],
        payment=_id_of(raw.get("payment_intent")),
        row=(raw.get("metadata") or {}).get("bangfu_refund"),
        at=_at(raw["created"]),
    )


def _entry(raw: dict[str, Any]) -> Entry:
    source = raw.get("source")
    of_charge = isinstance(source, dict) and source.get("object") == "charge"
    return Entry(
        id=raw["id"],
        type=str(raw["type"]),
        fen=raw["amount"],
        fee_fen=raw["fee"],
        about=_id_of(source.get("payment_intent")) if of_charge else _id_of(source),  # type: ignore[union-attr]
        available=raw.get("status") == "available",
    )


def _event(raw: dict[str, Any]) -> Event:
    about = raw["data"]["object"]
    return Event(
        id=str(raw["id"]),
        type=str(raw["type"]),
        account=raw.get("account"),
        object_id=str(about["id"]),
        payment=_id_of(about.get("payment_intent")),
        at=_at(raw["created"]),
        live=bool(raw.get("livemode")),
    )


_current: Gateway | None = None


def configure(gateway: Gateway | None) -> None:
    """The process's gateway; None: card payment is off."""
    global _current
    _current = gateway


def is_on() -> bool:
    return _current is not None


def current() -> Gateway:
    """Raises Refused('card_off')."""
    if _current is None:
        raise Refused("card_off")
    return _current
