"""Tests of the agent: real processes, a real HTTP server in this one."""
