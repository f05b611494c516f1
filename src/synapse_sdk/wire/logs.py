"""What is agreed on logs of jobs."""

#: All logs of one job together, in bytes: what a server keeps. What comes after that is counted.
LOG_QUOTA_BYTES = 1024 * 1024 * 1024
