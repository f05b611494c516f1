"""`synapse plugin …`: a file per command, loaded when it is named."""

from __future__ import annotations

from synapse_sdk.cli.lazy_group import Entry, LazyGroup

plugin = LazyGroup(
    "plugin",
    help="Create, run, check, test and publish plugins.",
    later={
        "github-setup": "Archiving releases to GitHub is not there yet.",
    },
    entries={
        "create": Entry("synapse_sdk.cli.plugin.create:create", "Make a new plugin that already runs."),
        "run": Entry("synapse_sdk.cli.plugin.run:run_action", "Run an action."),
        "update-config": Entry(
            "synapse_sdk.cli.plugin.update_config:update_config",
            "Bring config.yaml up to date with the code.",
        ),
        "check": Entry("synapse_sdk.cli.plugin.check:check", "Find mistakes without running anything."),
        "test": Entry("synapse_sdk.cli.plugin.test:run_tests", "Run the plugin's own tests."),
        "info": Entry("synapse_sdk.cli.plugin.info:info", "Show what a plugin offers."),
        "job": Entry("synapse_sdk.cli.job:job", "Look at, follow and stop jobs on a server."),
        "publish": Entry("synapse_sdk.cli.plugin.publish:publish", "Show or publish a release."),
    },
)
