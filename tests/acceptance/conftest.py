"""One deployment for the modules that only need a gateway of it; those that change it make theirs.

Modules that use it stand in one group (``xdist_group("one-deployment")``), so that it is made once.
"""

from collections.abc import Iterator

import pytest

from doubles.deployed import Deployed, deployed


@pytest.fixture(scope="session")
def house() -> Iterator[Deployed]:
    with deployed() as running:
        yield running
