import time
import uuid

from synapse_sdk._internal.uuid7 import uuid7


def test_it_is_a_uuid_of_version_7():
    value = uuid.UUID(uuid7())

    assert value.version == 7
    assert value.variant == uuid.RFC_4122


def test_it_begins_with_the_moment_it_was_made():
    before_ms = time.time_ns() // 1_000_000

    made_ms = uuid.UUID(uuid7()).int >> 80

    assert before_ms <= made_ms <= time.time_ns() // 1_000_000


def test_many_made_at_once_all_differ():
    assert len({uuid7() for _ in range(10_000)}) == 10_000
