INSERT INTO job_output (workspace_id, job_key, attempt, path, size_bytes, digest)
    VALUES (1, 1, 1, 'report.txt', 1, 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
