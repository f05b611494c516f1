INSERT INTO workspace (id, code, name, created_at) VALUES (1, 'default', 'Default', '2026-12-01T00:00:00.000000Z');
INSERT INTO account (id, name, password_hash, is_active, created_at)
    VALUES (1, 'owner', NULL, 1, '2026-12-01T00:00:00.000000Z');
INSERT INTO membership (workspace_id, account_id, role) VALUES (1, 1, 'admin');
-- sha256 of "syn_user_old"
INSERT INTO token (id, workspace_id, account_id, kind, name, hint, hash, role, created_at)
    VALUES (1, 1, 1, 'user', 'laptop', 'syn_user_old',
            '0e421998ec3c569b2bcf7a8d80fa9b56a865cfa4adf49353472355f2a9fc4737', 'admin', '2026-12-01T00:00:00.000000Z');
-- sha256 of "old cookie"
INSERT INTO console_session (hash, account_id, workspace_id, csrf_token, created_at, expires_at)
    VALUES ('825c64c5925d261b2a8d2ac39bb0358542e501fccc000546dcc5d13ccfeea2cd', 1, 1, 'csrf', '2026-12-01T00:00:00.000000Z', '2999-01-01T00:00:00.000000Z');
INSERT INTO sign_in_link (hash, account_id, expires_at) VALUES ('link', 1, '2026-12-01T00:15:00.000000Z');
INSERT INTO audit_entry (id, workspace_id, at, who, what, outcome, detail)
    VALUES (1, NULL, '2026-12-01T00:00:00.000000Z', 'nobody', 'GET /jobs/', 'refused', 'no token');
INSERT INTO idempotency_key (workspace_id, owner, "key", request_hash, subject_id, created_at)
    VALUES (1, 'account 1', 'k1', 'h', '1', '2026-12-01T00:00:00.000000Z');
