"""The program that claims jobs and runs each attempt under a supervisor of its own.

```text
loop.py             Agent: claim, one keeper for each attempt, heartbeat
attempt_keeper.py   one attempt from its assignment to its last word
attempts.py         AttemptFolder: what the disk knows of an attempt, so that a restarted agent goes on
environments.py     lock → interpreter with its packages, in a cache
sdk_wheel.py        the running SDK → its wheel
log_shipping.py     log files → the server, by offset
disk_holes.py       the disk of what was shipped and is kept nowhere, given back
agent_server.py     AgentServer: what the agent asks of a server
supervisor.py       the process that watches one worker; outlives the agent
start_order.py      what a supervisor shall start
processes.py        processes of this machine, as /proc tells them
```
"""
