"""Plugin folder → release plan → archive.

```text
secret_patterns.py  bytes → what in them looks like a secret                 pure
unpacked.py         a compressed file → the streams inside it, bounded       reads disk
secrets.py          the files of a release → findings                        reads disk
wheels.py           local wheels → checked wheels                            reads disk
requirements.py     requirements.txt → its problems                          reads disk
imported_libraries.py  imports → those that no requirement brings            reads disk and what is installed
named_files.py      the files that the config names: do they travel?         pure
plan.py             folder + config → ReleasePlan                            reads disk, changes nothing
archive.py          ReleasePlan → one repeatable zip                         the only one that writes
contents.py         the bytes of a planned file, as they were when planned   reads disk
lock.py             requirements → exact versions and hashes                 asks the package index
release_digest.py   files, config, lock, schemas → the release's identity    pure
publish.py          ReleasePlan → a release on a server                      talks out
```
"""

from synapse_sdk.packaging.archive import Archive, write_archive
from synapse_sdk.packaging.plan import ReleasePlan, build_plan
from synapse_sdk.packaging.secrets import Finding, SecretFoundError

__all__ = ["Archive", "Finding", "ReleasePlan", "SecretFoundError", "build_plan", "write_archive"]
