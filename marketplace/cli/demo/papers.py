"""What stands on paper and in the inbox: a year's certificate of purchase, and only the last days' messages open."""

from datetime import timedelta

from ...core import clock
from ...core.errors import Refused
from ...notices import messages
from ...reporting import certificates
from .people import Cast


def make(cast: Cast) -> None:
    messages.put_aside(clock.now() - timedelta(days=10))
    today = clock.today()
    for agency in cast.agencies[:3]:
        try:
            certificates.issue(agency.finance, from_day=today.replace(month=1, day=1), until_day=today)
        except Refused:  # a small demo's agency may have settled nothing yet
            continue
        break
