"""`synapse server …`: run the platform on this machine."""

from __future__ import annotations

from synapse_sdk.cli.lazy_group import Entry, LazyGroup

server = LazyGroup(
    "server",
    help="Run a Synapse server on this machine.",
    entries={
        "start": Entry("synapse_sdk.cli.server.start:start", "Serve until Ctrl-C or SIGTERM."),
        "status": Entry("synapse_sdk.cli.server.status:status", "Say whether a server runs, and where."),
        "token": Entry("synapse_sdk.cli.server.token:token", "Make, list and revoke access tokens."),
        "account": Entry("synapse_sdk.cli.server.account:account", "Look after accounts: roles, passwords."),
        "backup": Entry(
            "synapse_sdk.cli.server.backup:backup", "Copy the data folder, while it is used or not."
        ),
        "restore": Entry("synapse_sdk.cli.server.backup:restore", "Make a data folder from a backup."),
        "gc": Entry("synapse_sdk.cli.server.gc:gc", "Remove contents that nothing names any more."),
        "link": Entry("synapse_sdk.cli.server.link:link", "Make a link that signs in to the console once."),
    },
)
