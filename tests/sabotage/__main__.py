"""`python -m tests.sabotage [FAULT or SUITE …]`: plant faults, print who noticed; one unseen is a failure."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.sabotage.faults import FAULTS
from tests.sabotage.plant import Fault, Verdict, copy_checkout, describe, judge, run_tests
from tests.suites import ROOT, build_environment, make_private_folder

#: Copies worked on at once; CI has two cores.
COPIES = 2
#: Seconds for all the chosen tests together, without a fault.
GREEN_PATIENCE_S = 900.0


def main(arguments: Sequence[str]) -> int:
    """Judge the named faults, or those of the named suites, or all."""
    chosen = [
        fault for fault in FAULTS if not arguments or fault.name in arguments or fault.suite in arguments
    ]
    if not chosen:
        print("error: no such fault or suite. The faults are:", file=sys.stderr)
        print("".join(f"  {fault.suite}: {fault.name}\n" for fault in FAULTS), end="", file=sys.stderr)
        return 2
    # Both ways of stopping us end in an exception, so that the copies and their processes go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with make_private_folder("synapse-sabotage-") as folder:
        return sabotage(chosen, ROOT, folder)


def sabotage(faults: Sequence[Fault], root: Path, folder: Path) -> int:
    """Judge faults in copies of `root` made in `folder`; print the table; return the exit code."""
    begun = time.monotonic()
    copies: SimpleQueue[tuple[Path, dict[str, str]]] = SimpleQueue()
    for number in range(COPIES):
        checkout = folder / f"copy-{number}"
        copy_checkout(root, checkout)
        copies.put((checkout, build_environment(os.environ, folder / f"home-{number}")))

    # A test that is red by itself would make every fault look noticed.
    checkout, env = copies.get()
    tests = [test for fault in faults for test in fault.tests]
    code, output = run_tests(tests, checkout, env, "-n", str(COPIES), patience_s=GREEN_PATIENCE_S)
    copies.put((checkout, env))
    if code != 0:
        print(output)
        print(f"error: the tests are not green without a fault (pytest ended with {code}); see above.")
        return 1
    print(f"green without a fault, in {time.monotonic() - begun:.0f} s", flush=True)

    def work(fault: Fault) -> Verdict:
        checkout, env = copies.get()
        try:
            verdict = judge(fault, checkout, env)
        finally:
            copies.put((checkout, env))
        print(f"{'.' if verdict.red_by else 'x'} {fault.suite}: {fault.name}", flush=True)
        return verdict

    with ThreadPoolExecutor(COPIES) as pool:
        verdicts = list(pool.map(work, faults))
    print(f"\n{describe(verdicts)} (in {time.monotonic() - begun:.0f} s)", flush=True)
    return 0 if all(verdict.red_by for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
