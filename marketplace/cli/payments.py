"""`flask payments`: what Stripe says beside what stands here.

Refunding is not here: it takes the supplier's own people, and a command has none; pages and API have them.
"""

from datetime import date, datetime, timedelta

import click
from flask.cli import AppGroup

from ..core import clock
from ..core.errors import DomainError
from ..core.money import format_yuan
from ..edge.messages import sentence
from ..payments import gateway
from ..payments.reconcile import DAYS, Difference
from ..payments.stripe_models import Reconciliation
from ..settlement import card_reconcile

payments = AppGroup("payments", help="Card payments at Stripe.")


@payments.command("reconcile")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=f"The first day; {DAYS} days ago unless told.")
@click.option("--repair", is_flag=True, help="Follow what webhooks missed: pay bills, settle, end refunds.")
def reconcile(since: datetime | None, repair: bool) -> None:
    """Compares every connected account's payments and refunds at Stripe with the rows here, and prints each difference.

    Where an account gives its balance's list, that is compared as well: what was paid less what went back, Stripe's fees
    told apart, the net, and what of the net Stripe does not pay out yet.

    Leaves with 0 where all agrees (by now, with --repair), with 1 where a difference stays, with 2 where Stripe could
    not be reached: run it again, it goes on where it was.
    """
    if not gateway.is_on():
        raise click.ClickException("BANGFU_STRIPE_KEY is not set: card payment is off")
    day: date = since.date() if since else clock.today() - timedelta(days=DAYS)
    try:
        done = card_reconcile.run(day, repair=repair, tell=_tell)
    except DomainError as error:
        click.echo(f"{error.code}: {sentence(error)}", err=True)
        raise SystemExit(2) from None
    left = 0
    for row in done:
        left += row.differing - row.repaired
        click.echo(f"{row.account}: {row.compared} compared, {row.differing} differ, {row.repaired} repaired")
        click.echo(f"{row.account}: {_balance(row)}")
    raise SystemExit(1 if left else 0)


def _balance(row: Reconciliation) -> str:
    if row.gross_fen is None or row.fee_fen is None or row.pending_fen is None:
        return "its balance's list is not given"
    parts = (row.gross_fen, row.fee_fen, row.gross_fen - row.fee_fen, row.pending_fen)
    gross, fees, net, pending = map(format_yuan, parts)
    return f"balance {gross}, fees {fees}, net {net}, of it {pending} in arrears"


def _tell(account: str, compared: int, found: list[Difference]) -> None:
    for one in found:
        heard = "" if one["heard"] else ", no webhook"
        mended = "  repaired" if one["repaired"] else ""
        click.echo(
            f"{account}  {one['what']}  {one['object']}: here {one['ours']}, Stripe {one['theirs']}{heard}{mended}"
        )
    click.echo(f"{account}  … {compared} compared", err=True)
