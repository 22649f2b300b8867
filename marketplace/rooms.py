"""Imports every room's tables, so that mappers, migrations and foreign keys see all of them."""

from .accreditation import models as accreditation  # noqa: F401
from .attribution import household_models as household_side  # noqa: F401
from .attribution import models as attribution  # noqa: F401
from .catalogue import models as catalogue  # noqa: F401
from .channels import models as channels  # noqa: F401
from .core import audit, files, jobs, numbers, outbox  # noqa: F401
from .edge import models as edge  # noqa: F401
from .findings import models as findings  # noqa: F401
from .households import models as households  # noqa: F401
from .identity import models as identity  # noqa: F401
from .ledger import models as ledger  # noqa: F401
from .linkage import models as linkage  # noqa: F401
from .linkage import standing  # noqa: F401
from .notices import models as notices  # noqa: F401
from .payments import bank_models as bank  # noqa: F401
from .payments import (
    credit_models,  # noqa: F401
    invoice_models,  # noqa: F401
    stripe_models,  # noqa: F401
)
from .payments import models as payments  # noqa: F401
from .procurement import (  # noqa: F401
    after_models,
    chain_models,
    delivery_models,
    plan_models,
)
from .procurement import models as procurement  # noqa: F401
from .products import models as products  # noqa: F401
from .quota import models as quota  # noqa: F401
from .regions import models as regions  # noqa: F401
from .reporting import certificate_models  # noqa: F401
from .reporting import models as reporting  # noqa: F401
from .search import models as search  # noqa: F401
from .settlement import closing_models  # noqa: F401
from .settlement import models as settlement  # noqa: F401
from .sourcing import models as sourcing  # noqa: F401
from .sourcing import standing_models, welfare_models  # noqa: F401
