"""The guards of Redis and of the spool."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_REDIS_AND_SPOOL: Final = (
    Mutation(
        "room for workers",
        "domain/limits/memory_room.py",
        "return min(self.high_water, int(self.share * maxmemory)) if maxmemory else self.high_water",
        "return self.high_water",
        [
            (
                "tests/domain/limits/test_memory_room.py"
                "::test_the_mark_leaves_a_share_of_maxmemory_whatever_is_configured"
            )
        ],
    ),
    Mutation(
        "heartbeats in a full Redis",
        "adapters/processes/heartbeats.py",
        "redis.call('DEL', KEYS[2])\n",
        "",
        ["tests/adapters/processes/test_heartbeats.py::test_a_full_redis_makes_no_process_look_dead"],
    ),
    Mutation(
        "first rewrite",
        "adapters/redis/durability.py",
        'return SWITCHING_ON if rewriting and not await _syncs_a_write(redis, names) else "yes"',
        'return "yes"',
        [
            "tests/adapters/redis/test_durability.py::test_a_log_counts_when_its_first_rewrite_has_ended",
            (
                "tests/adapters/redis/test_durability.py"
                "::test_callbacks_accepted_during_the_first_rewrite_survive_a_crash_of_redis"
            ),
        ],
    ),
    Mutation(
        "connections given back",
        "adapters/redis/client.py",
        "giving_back(server.connection_class)",
        "server.connection_class",
        [
            "tests/adapters/redis/test_client.py::test_a_pipeline_that_ends_badly_keeps_no_connection[time-out]"
        ],
    ),
    Mutation(
        "every reply is read",
        "adapters/redis/kept.py",
        "            return error",
        "            raise",
        ["tests/adapters/redis/test_kept.py::test_a_refused_command_leaves_no_reply_behind[queued]"],
    ),
    Mutation(
        "a refused command is no success",
        "adapters/redis/kept.py",
        "                raise reply",
        "                return",
        ["tests/adapters/redis/test_kept.py::test_a_refused_command_leaves_no_reply_behind[executed]"],
    ),
    Mutation(
        "a lost connection is opened again",
        "adapters/redis/kept.py",
        "Retry(NoBackoff(), 1,",
        "Retry(NoBackoff(), 0,",
        [
            "tests/adapters/redis/test_kept.py::test_a_lost_connection_is_opened_again",
            ("tests/adapters/intake/test_intake.py::test_a_connection_lost_between_two_writes_loses_nothing"),
        ],
    ),
    Mutation(
        "what passes is tried again",
        "adapters/intake/spool/drainer.py",
        "except (FileNotFoundError, NoRegularFile):",
        "except (OSError, NoRegularFile):",
        [
            "tests/adapters/intake/spool/test_passing_faults.py::test_a_moment_without_descriptors_costs_nothing"
        ],
    ),
    Mutation(
        "no descriptor for a sync",
        "adapters/intake/spool/folder.py",
        "self.disk.sync_entries(self._lock)",
        "self.disk.sync_folder(self.path)",
        ["tests/adapters/intake/spool/test_passing_faults.py::test_a_new_segment_needs_one_descriptor_alone"],
    ),
    Mutation(
        "no link is followed",
        "adapters/intake/spool/disk.py",
        "os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK",
        "os.O_RDONLY | os.O_NONBLOCK",
        [("tests/adapters/intake/spool/test_passing_faults.py::test_only_regular_files_are_read[link]")],
    ),
    Mutation(
        "fsync",
        "adapters/redis/durability.py",
        '"appendfsync": "always",',
        "",
        ["tests/adapters/redis/test_durability.py::test_each_setting_that_loses_writes_is_named"],
    ),
    Mutation(
        "fsync",
        "adapters/intake/spool/writer.py",
        "self._disk.sync(descriptor)",
        "pass",
        ["tests/adapters/intake/spool/test_spool.py::test_every_batch_is_synced_before_it_counts"],
    ),
    Mutation(
        "spool byte count",
        "adapters/intake/spool/writer.py",
        "if written != len(frame):",
        "if False:",
        ["tests/adapters/intake/spool/test_spool.py::test_a_short_write_is_taken_back_and_refused"],
    ),
)
