INSERT INTO agent (id, workspace_id, name, interpreter, platform, sdk_version, cpus, gpus, created_at, seen_at)
    VALUES (1, 1, 'here', 'cpython 3.11.7', 'linux-x86_64', '2026.12.0', 4, 0, '2026-12-01T00:00:00.000000Z',
            '2026-12-01T00:00:00.000000Z');
INSERT INTO job ("key", id, workspace_id, number, release_id, plugin, version, release_digest, action, method, state,
                 created_by, created_at, started_at, ended_at, agent_id, attempt_count, language, is_debug, last_cursor)
    VALUES (1, '01890000-0000-7000-8000-000000000001', 1, 1, 1, 'digits', '0.1.0',
            'sha256:1111111111111111111111111111111111111111111111111111111111111111', 'train', 'job', 'SUCCEEDED',
            'owner', '2026-12-01T00:00:00.000000Z', '2026-12-01T00:00:01.000000Z', '2026-12-01T00:00:02.000000Z', 1, 1,
            'en', 0, 2);
INSERT INTO job_document (workspace_id, job_key, params, envelope, env, result)
    VALUES (1, 1, '{"epochs": 3}', '{"schema_version": 1}', '{}', '{"loss": 0.5}');
INSERT INTO job_progress (workspace_id, job_key, steps) VALUES (1, 1, '{}');
INSERT INTO attempt (workspace_id, job_key, number, agent_id, phase, lease_expires_at, created_at, started_at, ended_at,
                     end_state, is_confirmed, has_token)
    VALUES (1, 1, 1, 1, 'ended', '2026-12-01T00:00:30.000000Z', '2026-12-01T00:00:00.000000Z',
            '2026-12-01T00:00:01.000000Z', '2026-12-01T00:00:02.000000Z', 'SUCCEEDED', 1, 0);
INSERT INTO log_cut (workspace_id, job_key, attempt, stream, kept_bytes, size_bytes) VALUES (1, 1, 1, 'stdout', 10, 20);
INSERT INTO event_producer (workspace_id, id, job_key, attempt, name, last_seq) VALUES (1, 1, 1, 1, 'worker', 2);
INSERT INTO event (workspace_id, job_key, cursor, producer_id, seq, kind, received_at, line) VALUES
    (1, 1, 1, 1, 1, 'message', '2026-12-01T00:00:01.000000Z',
     '{"schema_version":1,"job":"01890000-0000-7000-8000-000000000001","attempt":1,"producer":"worker","seq":1,"at":"2026-12-01T00:00:01.000000Z","kind":"message","text":"hello"}'),
    (1, 1, 2, 1, 2, 'metric', '2026-12-01T00:00:01.000000Z',
     '{"schema_version":1,"job":"01890000-0000-7000-8000-000000000001","attempt":1,"producer":"worker","seq":2,"at":"2026-12-01T00:00:01.000000Z","kind":"metric","step":"train","values":{"loss":0.5},"ordinals":{"loss":0}}');
INSERT INTO metric_series (workspace_id, id, job_key, attempt, producer, step, "key", point_count)
    VALUES (1, 1, 1, 1, 'worker', 'train', 'loss', 1);
INSERT INTO metric_point (workspace_id, series_id, ordinal, value) VALUES (1, 1, 0, 0.5);
INSERT INTO metric_bucket (workspace_id, series_id, width, "index", point_count, finite_count, minimum, maximum, total,
                           last_ordinal)
    VALUES (1, 1, 64, 0, 1, 1, 0.5, 0.5, 0.5, 0);
