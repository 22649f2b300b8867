"""The room's verbs, gathered: notices and objections."""

from .messages import Telling, done_about, tell, tell_many  # noqa: F401
from .objections import (  # noqa: F401
    answer,
    contact_of,
    decide,
    objection,
    objections_of,
    raise_objection,
    record_objection,
    register,
    settle,
    waiting,
)
from .posting import (  # noqa: F401
    NewNotice,
    listed,
    notice,
    of_subject,
    of_subjects,
    post_many,
    public,
    villages_of,
    waits,
)
from .rules import DAYS, masked, tail  # noqa: F401
