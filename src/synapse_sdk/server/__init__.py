"""The self-hosted platform: one process, one data folder. Each subject: routes → service → store → models."""
