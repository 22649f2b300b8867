"""What the verifier asks of the search index; handed to it by the composition root."""

from collections.abc import Callable

from ..core.errors import DomainError
from . import gather
from . import services as search


def the_index_is_the_catalogue() -> list[str]:
    """The search index holds as many offers as the catalogue shows."""
    try:
        held, wanted = search.count(), gather.on_sale()
    except DomainError as error:
        return [f"the index does not answer: {error.code}"]
    return [] if held == wanted else [f"the index holds {held} offers, the catalogue {wanted}"]


CHECKS: list[Callable[[], list[str]]] = [the_index_is_the_catalogue]
