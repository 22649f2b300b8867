"""An order's story (经过) for the pages of every audience."""

from uuid import UUID

from ..edge import story_words
from ..edge.current import actor
from ..reporting import story


def steps_of(order_id: UUID) -> list[dict[str, str]]:
    """Steps for `parts.timeline`, as the actor may see them. Raises NotFound."""
    found = story.of_order(actor(), order_id)
    return story_words.timeline(found.steps, found.coming)
