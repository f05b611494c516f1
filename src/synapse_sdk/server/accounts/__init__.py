"""Who may do what: workspaces, accounts, memberships, tokens, and the record of what was refused."""
