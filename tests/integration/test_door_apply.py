"""Doors applied to a real database: made whole, left alone when right, mended when they drift."""

import time

import psycopg
import pytest
from psycopg import sql

from doubles.demo_doors import NOW, TODAY, compiled, load_application, open_doors, resolve
from doubles.memory_recorder import MemoryRecorder
from klover import door
from klover.errors import PolicyError, RecordError, StoreError
from klover.store.connect import Connection


@pytest.fixture
def application(database: Connection) -> Connection:
    load_application(database)
    return database


def test_apply_makes_the_doors_and_a_second_apply_does_nothing(application: Connection) -> None:
    doors = compiled(application, resolve(application))
    begun = time.monotonic()
    first = open_doors(application, doors)
    middle = time.monotonic()
    second = open_doors(application, doors)
    print(len(first.steps), middle - begun, time.monotonic() - middle)
    assert first.steps
    assert not second.steps


def test_prove_holds_on_what_apply_made(application: Connection) -> None:
    resolved = resolve(application)
    open_doors(application, compiled(application, resolved))
    begun = time.monotonic()
    proof = door.prove(application, resolved, TODAY)
    print(len(proof.facts), time.monotonic() - begun)
    assert not proof.violations
