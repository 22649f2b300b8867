"""A double of Stripe: a `stripe.HTTPClient` that records every call and answers from memory, with the library's own errors.

It does what localstripe does not: connected accounts (each sees its own objects alone), Checkout, wallets, idempotency
keys, over-refunds refused, lists since a moment, the balance with its fees, failures on demand. What customers and suppliers do at Stripe's own
pages are its methods; what Stripe would tell by webhook waits in `events`, for the test to deliver, lose or repeat.
"""

import json
import threading
import time
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

SECRET = "whsec_double"
CANARY = "CANARY-张三丰-4242"  # personal data as Stripe's objects carry it


class StripeDouble(stripe.HTTPClient):
    name = "double"

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[dict[str, Any]] = []
        self.accounts: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, dict[str, Any]] = {}  # id → object; `_account` says whose it is
        self.answers: dict[tuple[str, str], tuple[str, int]] = {}  # (account, idempotency key) → answer
        self.events: list[dict[str, Any]] = []
        self.failures: list[tuple[str, int, dict[str, Any]]] = []  # (part of a path, status, error) to answer next
        self.down = False
        self.lost_answers = 0  # calls that are done and whose answer gets lost
        self._numbers = count(1)
        self._lock = threading.Lock()

    # The library's side

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> tuple[str, int, Any]:
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query if method == "get" else (post_data or "")))
        call = {
            "method": method,
            "path": parts.path,
            "account": headers.get("Stripe-Account", ""),
            "key": headers.get("Idempotency-Key"),
            "version": headers.get("Stripe-Version"),
            "given": given,
        }
        with self._lock:
            self.calls.append(call)
            if self.down:
                raise stripe.APIConnectionError("down", should_retry=False)
            for place, (part, status, error) in enumerate(self.failures):
                if part in parts.path:
                    del self.failures[place]
                    return json.dumps({"error": error}), status, {"request-id": "req_double"}
            known = (call["account"], call["key"] or "")
            if method == "post" and known in self.answers:
                return (*self.answers[known], {"request-id": "req_double", "idempotent-replayed": "true"})
            body, status = self._answer(method, parts.path, call["account"], given)
            if method == "post" and call["key"]:
                self.answers[known] = (body, status)
            if self.lost_answers:
                self.lost_answers -= 1
                raise stripe.APIConnectionError("lost", should_retry=False)
            return body, status, {"request-id": "req_double"}

    def close(self) -> None:
        pass

    def _answer(self, method: str, path: str, account: str, given: dict[str, str]) -> tuple[str, int]:
        names = path.removeprefix("/v1/").split("/")
        if names[0] in ("accounts", "account_links"):
            found = self._of_platform(method, names, given)
        elif account not in self.accounts:
            return _error("account_invalid", 403)
        else:
            found = self._of_account(method, names, account, given)
        if found is None:
            return _error("resource_missing", 404)
        if "error" in found:
            return json.dumps(found), 400
        return json.dumps({name: value for name, value in found.items() if name != "_account"}), 200

    def _of_platform(self, method: str, names: list[str], given: dict[str, str]) -> dict[str, Any] | None:
        if names == ["account_links"]:
            return {"object": "account_link", "url": f"https://connect.stripe.test/{given['account']}"}
        if method == "post":
            return self.add_account(active=False)
        return self.accounts.get(names[1])

    def _of_account(self, method: str, names: list[str], account: str, given: dict[str, str]) -> dict[str, Any] | None:
        kind = names[0] if names[0] != "checkout" else "checkout/sessions"
        rest = names[1:] if names[0] != "checkout" else names[2:]
        if method == "get" and not rest:
            return self._list(kind, account, given)
        if method == "get" or rest:
            held = self.objects.get(rest[0])
            if held is None or held["_account"] != account:
                return None
            if method == "post" and rest[1:] == ["expire"]:
                return self._expire(held)
            return self._expanded(held, given)
        return self._open_checkout(account, given) if kind == "checkout/sessions" else self._refund(account, given)

    def _list(self, kind: str, account: str, given: dict[str, str]) -> dict[str, Any]:
        word = {
            "payment_intents": "payment_intent",
            "refunds": "refund",
            "balance_transactions": "balance_transaction",
        }[kind]
        rows = [row for row in self.objects.values() if row["object"] == word and row["_account"] == account]
        rows = [row for row in rows if row["created"] >= int(given.get("created[gte]", 0))]
        if "payment_intent" in given:
            rows = [row for row in rows if row["payment_intent"] == given["payment_intent"]]
        rows.reverse()
        ids = [row["id"] for row in rows]
        start = ids.index(given["starting_after"]) + 1 if "starting_after" in given else 0
        limit = int(given.get("limit", 10))
        page = [
            {name: value for name, value in self._expanded(row, given).items() if name != "_account"} for row in rows
        ]
        return {"object": "list", "url": f"/v1/{kind}", "data": page[start : start + limit],
                "has_more": len(rows) > start + limit}  # fmt: skip

    def _expanded(self, held: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
        """With the payment's charge, or what a balance transaction is of, where the call asks for it; else its id."""
        if held.get("latest_charge") and given.get("expand[0]", "").endswith("latest_charge"):
            return held | {"latest_charge": self.objects[held["latest_charge"]]}
        if held.get("source") and given.get("expand[0]") == "data.source":
            return held | {"source": self.objects[held["source"]]}
        return held

    def _open_checkout(self, account: str, given: dict[str, str]) -> dict[str, Any]:
        id_ = self._id("cs_test")
        return self._keep(
            account,
            {
                "id": id_,
                "object": "checkout.session",
                "status": "open",
                "payment_status": "unpaid",
                "amount_total": int(given["line_items[0][price_data][unit_amount]"]),
                "currency": given["line_items[0][price_data][currency]"],
                "url": f"https://checkout.stripe.test/{id_}",
                "payment_intent": None,
                "metadata": {"bangfu_payment": given["metadata[bangfu_payment]"]},
                "customer_details": {"name": CANARY, "email": "canary@example.com"},
            },
        )

    def _expire(self, held: dict[str, Any]) -> dict[str, Any]:
        if held["status"] != "open":
            return {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": CANARY}}
        held["status"], held["url"] = "expired", None
        self._tell("checkout.session.expired", held)
        return held

    def _refund(self, account: str, given: dict[str, str]) -> dict[str, Any]:
        payment = self.objects.get(given["payment_intent"])
        if payment is None or payment["_account"] != account:
            return {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": CANARY}}
        fen = int(given["amount"])
        back = sum(
            row["amount"]
            for row in self.objects.values()
            if row["object"] == "refund" and row["payment_intent"] == payment["id"] and row["status"] != "failed"
        )
        if back + fen > payment["amount"]:
            return {"error": {"type": "invalid_request_error", "code": "charge_already_refunded", "message": CANARY}}
        return self.refunds_at_stripe(payment["id"], fen, row=given.get("metadata[bangfu_refund]"))

    # What happens at Stripe's own pages

    def add_account(self, *, active: bool = True) -> dict[str, Any]:
        id_ = self._id("acct")
        state = "active" if active else "inactive"
        self.accounts[id_] = {
            "id": id_,
            "object": "account",
            "charges_enabled": active,
            "details_submitted": active,
            "capabilities": {f"{one}_payments": state for one in ("card", "alipay", "wechat_pay")},
            "requirements": {"currently_due": [] if active else ["company.name"], "disabled_reason": None},
        }
        return self.accounts[id_]

    def finishes_papers(self, account: str, *, methods: tuple[str, ...] = ("card", "alipay", "wechat_pay")) -> None:
        held = self.accounts[account]
        held |= {"charges_enabled": True, "details_submitted": True, "requirements": {"currently_due": []}}
        held["capabilities"] = {f"{one}_payments": "active" for one in methods}
        self._tell("account.updated", held | {"_account": account})

    def pays(self, checkout: str, *, method: str = "card", fen: int | None = None, currency: str | None = None) -> str:
        """The customer pays; returns the PaymentIntent's id. `fen`, `currency`: other than asked, as a fault would."""
        intent = self.begins(checkout, fen=fen, currency=currency)
        self.succeeds(intent, method=method)
        return intent["id"]

    def begins(self, checkout: str, *, fen: int | None = None, currency: str | None = None) -> dict[str, Any]:
        """The customer has chosen a wallet and left the page: the payment is under way."""
        session = self.objects[checkout]
        intent = self._keep(
            session["_account"],
            {
                "id": self._id("pi"),
                "object": "payment_intent",
                "status": "processing",
                "amount": fen or session["amount_total"],
                "amount_received": 0,
                "currency": currency or session["currency"],
                "client_secret": "pi_secret_CANARY",
                "metadata": session["metadata"],
                "receipt_email": "canary@example.com",
                "last_payment_error": None,
            },
        )
        session |= {"status": "complete", "url": None, "payment_intent": intent["id"]}
        self._tell("checkout.session.completed", session)
        self._tell("payment_intent.processing", intent)
        return intent

    def succeeds(self, intent: dict[str, Any], *, method: str = "card") -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        self._tell("payment_intent.succeeded", intent)
        charge = self._keep(
            intent["_account"],
            {
                "id": self._id("ch"),
                "object": "charge",
                "amount": intent["amount"],
                "payment_intent": intent["id"],
                "billing_details": {"name": CANARY},
                "payment_method_details": {"type": method, "card": {"last4": "4242"}},
            },
        )
        intent["latest_charge"] = charge["id"]
        self.books(intent["_account"], "charge", charge["amount"], charge["id"], fee=charge["amount"] * 29 // 1000)
        self._tell("charge.succeeded", charge)

    def books(self, account: str, type_: str, fen: int, source: str | None, fee: int = 0) -> dict[str, Any]:
        """A transaction of the account's balance; its net is available only when a test says so."""
        return self._keep(
            account,
            {
                "id": self._id("txn"),
                "object": "balance_transaction",
                "type": type_,
                "amount": fen,
                "fee": fee,
                "source": source,
                "status": "pending",
            },
        )

    def fails(self, intent: dict[str, Any]) -> None:
        intent |= {
            "status": "requires_payment_method",
            "last_payment_error": {"code": "payment_method_provider_decline"},
        }
        self._tell("payment_intent.payment_failed", intent)
        session = next(row for row in self.objects.values() if row.get("payment_intent") == intent["id"])
        self._tell("checkout.session.async_payment_failed", session)

    def runs_out(self, checkout: str) -> None:
        self._expire(self.objects[checkout])

    def refunds_at_stripe(
        self, payment: str, fen: int, row: str | None = None, status: str = "succeeded"
    ) -> dict[str, Any]:
        of = self.objects[payment]
        made = self._keep(
            of["_account"],
            {
                "id": self._id("re"),
                "object": "refund",
                "status": status,
                "amount": fen,
                "currency": of["currency"],
                "payment_intent": payment,
                "metadata": {"bangfu_refund": row} if row else {},
            },
        )
        self.books(of["_account"], "refund", -fen, made["id"])
        self._tell("refund.created", made)
        charge = {"id": self._id("ch"), "object": "charge", "payment_intent": payment, "_account": of["_account"]}
        self._tell("charge.refunded", charge)
        return made

    def sends_back(self, refund: dict[str, Any]) -> None:
        """The customer's bank would not take the refund."""
        refund["status"] = "failed"
        self.books(refund["_account"], "refund_failure", refund["amount"], refund["id"])
        self._tell("refund.failed", refund)

    # Words of webhooks

    def _tell(self, type_: str, about: dict[str, Any]) -> None:
        self.events.append(
            {
                "id": self._id("evt"),
                "object": "event",
                "type": type_,
                "account": about["_account"],
                "created": int(time.time()),
                "livemode": False,
                "data": {"object": {name: value for name, value in about.items() if name != "_account"}},
            }
        )

    def told(self) -> list[dict[str, Any]]:
        """What waits to be delivered; it waits no more."""
        waiting, self.events = self.events, []
        return waiting

    def _keep(self, account: str, row: dict[str, Any]) -> dict[str, Any]:
        self.objects[row["id"]] = row | {"_account": account, "created": int(time.time())}
        return self.objects[row["id"]]

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):06d}"


def _error(code: str, status: int) -> tuple[str, int]:
    kind = "invalid_request_error"
    return json.dumps({"error": {"type": kind, "code": code, "message": CANARY}}), status


def signed(event: dict[str, Any] | str, secret: str = SECRET, at: int | None = None) -> tuple[bytes, dict[str, str]]:
    """A webhook's body and headers, as Stripe signs them."""
    body = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return body.encode(), {"Stripe-Signature": header, "Content-Type": "application/json"}
