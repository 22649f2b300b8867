"""Import-linter contracts that its own types do not express: whose tables, and which door to a vendor.

Both look at direct imports only, and hold for rooms that do not exist yet.
"""

import grimp
from importlinter import Contract, ContractCheck, fields, output

PACKAGE = "marketplace"
Link = tuple[str, str]


def _inside(module: str, places: set[str]) -> bool:
    return any(module == place or module.startswith(place + ".") for place in places)


class _DirectImports(Contract):
    """A contract whose breaches are single imports."""

    def breaches(self, graph: grimp.ImportGraph) -> list[Link]:
        raise NotImplementedError

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        links = sorted(self.breaches(graph))
        return ContractCheck(kept=not links, metadata={"links": links})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["links"]:
            output.print_error(f"{importer} may not import {imported}")


class RoomModels(_DirectImports):
    """`<room>.models` is imported by its own room and by `readers` only."""

    type_name = "room_models"
    readers = fields.ListField(subfield=fields.StringField())

    def breaches(self, graph: grimp.ImportGraph) -> list[Link]:
        readers = {f"{PACKAGE}.{name}" for name in self.readers}  # type: ignore[attr-defined]
        links = []
        for module in graph.modules:
            parts = module.split(".")
            if len(parts) != 3 or parts[0] != PACKAGE or parts[2] != "models":
                continue
            allowed = readers | {".".join(parts[:2])}
            importers = graph.find_modules_that_directly_import(module)
            links += [(importer, module) for importer in importers if not _inside(importer, allowed)]
        return links


class Doors(_DirectImports):
    """A vendor's package is imported at its doors only: lines of `vendor: door, door`."""

    type_name = "doors"
    doors = fields.ListField(subfield=fields.StringField())

    def breaches(self, graph: grimp.ImportGraph) -> list[Link]:
        links = []
        for line in self.doors:  # type: ignore[attr-defined]
            vendor, _, doors = line.partition(":")
            if vendor not in graph.modules:
                continue
            allowed = {f"{PACKAGE}.{door.strip()}" for door in doors.split(",")}
            importers = graph.find_modules_that_directly_import(vendor)
            links += [(importer, vendor) for importer in importers if not _inside(importer, allowed)]
        return links
