"""An enclave for the attacks of a module: doors on a standby and on a primary that admits."""

from collections.abc import Iterator

import pytest

from doubles.enclave import Enclave, enclave
from klover.store.embedded import Server


@pytest.fixture(scope="module")
def closed(server: Server, standby: Server) -> Iterator[Enclave]:
    with enclave(server, standby, "klover_test_attacks") as made:
        made.admit_on_primary()
        yield made
