INSERT INTO storage (id, workspace_id, name, category, provider, configuration, is_default, created_at)
    VALUES (1, 1, 'default', 'internal', 'file_system', '{"location": "/data"}', 1, '2026-12-01T00:00:00.000000Z');
INSERT INTO chunked_upload (id, workspace_id, filename, size_bytes, created_by, created_at)
    VALUES (1, 1, 'a.bin', 100, 'account 1', '2026-12-01T00:00:00.000000Z');
INSERT INTO data_file (id, workspace_id, name, digest, checksum, size_bytes, created_by, created_at)
    VALUES (1, 1, 'a.txt', 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 'sha1', 1, 'account 1', '2026-12-01T00:00:00.000000Z');
INSERT INTO dataset (id, workspace_id, name, created_by, created_at)
    VALUES (1, 1, 'numbers', 'account 1', '2026-12-01T00:00:00.000000Z');
INSERT INTO dataset_version (id, workspace_id, dataset_id, number, digest, item_count, size_bytes, splits, created_by,
                             created_at)
    VALUES (1, 1, 1, 1, 'sha256:2222222222222222222222222222222222222222222222222222222222222222', 1, 1, '{}',
            'account 1', '2026-12-01T00:00:00.000000Z');
INSERT INTO dataset_item (version_id, workspace_id, path, size_bytes, digest)
    VALUES (1, 1, 'a.txt', 1, 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
INSERT INTO model (id, workspace_id, name, description, metrics, category, configuration, filename, is_folder,
                   item_count, digest, size_bytes, created_by, created_at)
    VALUES (1, 1, 'best', '', '{"f1": 0.5}', 'fine_tuned', '{}', 'best.pt', 0, 1, 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 1, 'account 1',
            '2026-12-01T00:00:00.000000Z');
INSERT INTO model_file (model_id, workspace_id, path, size_bytes, digest)
    VALUES (1, 1, 'best.pt', 1, 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
