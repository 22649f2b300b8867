import pytest
from flask import Flask

from marketplace.core.db import transaction
from tests.sourcing.asking import Market


@pytest.fixture
def market(app: Flask) -> Market:
    with transaction():
        return Market.build()
