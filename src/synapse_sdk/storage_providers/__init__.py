"""Storages: where a platform's files lie, and how they are read and written.

```text
server ──▶ session ──▶ provider by name ──▶ storage ──▶ paths, copies
```
"""
