"""The households behind the supplier's rows: names, villages and groups, in as few statements as pages need."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from ...core.actor import Actor
from ...core.errors import NotFound
from ...households import services as households
from ...linkage import services as linkage
from ...regions import services as regions


class Person(NamedTuple):
    """A household as the supplier's people know it: village and group before the name, because names repeat."""

    id: UUID
    code: str
    name: str
    village: str
    township: str
    group: str
    size: int
    class_: str

    @property
    def place(self) -> str:
        return f"{self.village} {self.group}".strip()

    def answers_to(self, words: str) -> bool:
        text = f"{self.code} {self.name} {self.township}{self.village} {self.group}".lower()
        return all(word in text for word in words.lower().split())


def of(ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Households by id, two statements; by township, village, group and code."""
    rows = households.by_ids(list(ids)).values()
    paths = regions.paths_of({row.present_division for row in rows})
    found = []
    for row in rows:
        names = {place.level: place.name for place in paths[row.present_division]}
        village, township = names.get(5, ""), names.get(4, "")
        found.append(Person(row.id, row.code, row.head_name, village, township, row.group_name, row.size, row.class_))
    found.sort(key=lambda one: (one.township, one.village, one.group, one.code))
    return {one.id: one for one in found}


def require_linked(actor: Actor, household_id: UUID) -> None:
    """A supplier sees the households on its rosters, or that consented to join one. Raises NotFound."""
    supplier = actor.organisation
    if supplier is None or household_id not in linkage.linked_households(supplier) | linkage.consented(supplier):
        raise NotFound("household")


def by_typed(people: Sequence[Person], text: str) -> Person | None:
    """The one household that a typed code, or a name that occurs once, stands for."""
    code, _, name = text.strip().partition(" ")
    found = [one for one in people if one.code == code] or [one for one in people if one.name in (text.strip(), name)]
    return found[0] if len(found) == 1 else None


def by_ending(people: Sequence[Person], text: str) -> Person | None:
    """The one household whose number ends in the typed digits, as people call it; two digits at least."""
    if not (text.isdecimal() and len(text) >= 2):
        return None
    found = [one for one in people if int(one.code.rsplit("-", 1)[-1]) == int(text)]
    return found[0] if len(found) == 1 else None
