"""Where bytes live: content-addressed folders, copies that are checked, disks that are full."""
