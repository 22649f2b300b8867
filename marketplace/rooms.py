"""Imports every room's tables, so that mappers, migrations and foreign keys see all of them."""

from .core import audit, files, numbers, outbox  # noqa: F401
from .edge import models as edge  # noqa: F401
from .identity import models as identity  # noqa: F401
from .regions import models as regions  # noqa: F401
