-- The content "a", of the release, the dataset and the model.
INSERT INTO blob (workspace_id, digest, size_bytes, created_at)
    VALUES (1, 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 1, '2026-12-01T00:00:00.000000Z');
INSERT INTO plugin (id, workspace_id, code, name, category, description, created_by, created_at)
    VALUES (1, 1, 'digits', 'Digits', 'custom', '', 1, '2026-12-01T00:00:00.000000Z');
INSERT INTO release (id, workspace_id, plugin_id, version, digest, is_draft, created_by, created_at, config, schemas,
                     size_bytes, file_count, source)
    VALUES (1, 1, 1, '0.1.0', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', 0, 1,
            '2026-12-01T00:00:00.000000Z', '{"name": "Digits", "code": "digits", "version": "0.1.0", "actions": {}}',
            NULL, 1, 1, 'synapse');
INSERT INTO release_file (workspace_id, release_id, path, mode, size_bytes, digest)
    VALUES (1, 1, 'README.md', 420, 1, 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
