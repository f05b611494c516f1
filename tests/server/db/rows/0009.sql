INSERT INTO job_secret (workspace_id, job_key, params) VALUES (1, 1, '{"token": "hush"}');
