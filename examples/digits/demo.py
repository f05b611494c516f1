"""`make demo`: the main job on real input. Each step is shown as you would type it, and then really run.

Everything happens in `.demo/` of this checkout, which is made anew each time. Synapse's own files are there,
too, so that a login and datasets of yours are never touched.
"""

from __future__ import annotations

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo_server import DemoServer, run_on_the_server

EXAMPLE = Path(__file__).resolve().parent
ROOT = EXAMPLE.parents[1]
DEMO = ROOT / ".demo"
PLUGIN = DEMO / "synapse-digits-plugin"
#: Says that a `.demo` folder is ours to remove.
MARKER = "made-by-make-demo.txt"
#: Share of the test digits that must be read right. Guessing reaches 0.10, this model about 0.97.
REQUIRED_ACCURACY = 0.93
#: Parts of each six digits.
SHARES = {"train": 4, "validation": 1, "test": 1}


class StepFailedError(Exception):
    """A step did not do what the demo promises."""

    def __init__(self, step: str, exit_code: int) -> None:
        super().__init__(f"{step} ended with exit code {exit_code}")
        self.exit_code = exit_code


@dataclass
class Terminal:
    """Shows commands and runs them, in the order of a person's session."""

    cwd: Path
    env: Mapping[str, str]
    #: What `synapse` stands for: the program beside this Python.
    synapse: Path = field(default_factory=lambda: Path(sys.executable).with_name("synapse"))

    def heading(self, text: str) -> None:
        print(f"\n{_bold(text)}", flush=True)

    def cd(self, folder: Path) -> None:
        print(f"\n{_bold(f'$ cd {_shown(folder)}')}", flush=True)
        self.cwd = folder

    def show(self, typed: str) -> None:
        print(f"\n{_bold(f'$ {typed}')}", flush=True)

    def run(self, *words: str) -> None:
        """Run `synapse` with these words; its output goes where ours goes.

        Raises:
            StepFailedError: It ended with another exit code than 0.
        """
        typed = shlex.join(["synapse", *words])
        self.show(typed)
        code = subprocess.run([self.synapse, *words], cwd=self.cwd, env=self.env, check=False).returncode
        if code != 0:
            # As a shell says it: a signal's number, from 128 on.
            raise StepFailedError(typed, code if code > 0 else 128 - code)


def main() -> int:
    """Run the demo and return its exit code: 0, or that of the step which failed."""
    started = time.monotonic()
    terminal = Terminal(ROOT, _private_environment())
    if not terminal.synapse.is_file():
        print(f"error: there is no {terminal.synapse}. Run the demo with: make demo", file=sys.stderr)
        return 2
    if problem := remake_folder(DEMO):
        print(f"error: {problem}", file=sys.stderr)
        return 2
    try:
        labels = _register_digits(terminal)
        _create_plugin(terminal)
        _train(terminal)
        accuracy = _read_test_digits(terminal, labels)
        terminal.heading("5  Tested, and ready to publish")
        terminal.run("plugin", "test")
        terminal.run("plugin", "publish", "--dry-run")
        terminal.heading("6  A server on this machine, with an agent that runs jobs")
        with DemoServer(terminal, DEMO / "server") as server:
            remote_accuracy = run_on_the_server(
                terminal,
                server,
                dataset=DEMO / "digits",
                outputs=DEMO / "downloaded",
                read=lambda predictions: _score(predictions, labels),
            )
            _summarise(accuracy, remote_accuracy, len(labels), time.monotonic() - started)
            print(f"\nThe console: {_bold(f'{server.url}/console/')}   sign in with what this prints:\n")
            print(f"  synapse server link --data-dir {_shown(DEMO / 'server')}")
            if not os.environ.get("EXIT"):
                print("\nThe server goes on until Ctrl-C.", flush=True)
                server.wait_for_ctrl_c()
    except StepFailedError as failure:
        print(f"\nerror: the demo stopped: {failure}", file=sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        print("\nInterrupted", file=sys.stderr)
        return 130
    return 0


def remake_folder(folder: Path) -> str | None:
    """Make `folder` empty but for the marker; say why not when it is somebody else's."""
    if folder.is_symlink() or (folder.exists() and not (folder / MARKER).is_file()):
        return f"{folder} was not made by this demo, and is left as it is. Move it away and try again."
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    (folder / MARKER).write_text(
        "Everything here is removed and made again by: make demo\n", encoding="utf-8"
    )
    return None


def write_digits(folder: Path, *, limit: int | None = None, seed: int = 0) -> dict[str, str]:
    """Write scikit-learn's digits as image files: class folders in two splits, and a test split without.

    Args:
        limit: Only so many digits; all 1,797 unless given.
        seed: Decides which digit goes where.

    Returns:
        What each test file shows, by its name, which says nothing about it.
    """
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))[:limit]
    splits = [split for split, share in SHARES.items() for _ in range(share)]
    labels = {}
    for number, index in enumerate(order):
        split, label = splits[number % len(splits)], str(digits.target[index])
        name = f"image-{number:04}.png"
        file = folder / split / name if split == "test" else folder / split / label / name
        file.parent.mkdir(parents=True, exist_ok=True)
        # The dataset counts 17 shades of ink, 0 to 16; a PNG file 256 of light.
        Image.fromarray((digits.images[index] * (255 / 16)).astype(np.uint8)).save(file)
        if split == "test":
            labels[name] = label
    return labels


def score(predictions: Path, labels: Mapping[str, str]) -> float:
    """Return the share of labels that a predictions file has right.

    Raises:
        ValueError: It does not hold exactly one prediction for each file.
    """
    with predictions.open(newline="", encoding="utf-8") as stream:
        rows = [(row["file"], row["label"]) for row in csv.DictReader(stream)]
    predicted = dict(rows)
    if len(rows) != len(labels) or predicted.keys() != labels.keys():
        raise ValueError(f"{predictions} has {len(rows)} predictions for {len(labels)} other files")
    return sum(predicted[name] == label for name, label in labels.items()) / len(labels)


def _register_digits(terminal: Terminal) -> dict[str, str]:
    terminal.heading("1  Real input: handwritten digits as image files, registered as a dataset")
    labels = write_digits(DEMO / "digits")
    kept = DEMO / "labels-of-the-test-digits.json"
    kept.write_text(json.dumps(labels, indent=1), encoding="utf-8")
    count = sum(1 for _ in (DEMO / "digits").rglob("*.png"))
    print(f"Wrote {count:,} images to {_shown(DEMO / 'digits')}/. Only this demo knows what the")
    print(f"{len(labels)} in test/ show; it keeps that in {_shown(kept)}.")
    terminal.run("dataset", "register", ".demo/digits", "--name", "digits")
    return labels


def _create_plugin(terminal: Terminal) -> None:
    terminal.heading("2  A plugin: created, filled with code, checked")
    create = ("plugin", "create", "--name", "Digits", "--code", "digits", "--category", "neural_net")
    terminal.run(*create, "--path", ".demo", "--yes")
    print(f"\nIts code gives way to that of {_shown(EXAMPLE)}/: plugin/, tests/, requirements.txt, README.md")
    for part in ("plugin", "tests"):
        shutil.rmtree(PLUGIN / part)
        shutil.copytree(EXAMPLE / part, PLUGIN / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("requirements.txt", "README.md"):
        shutil.copyfile(EXAMPLE / part, PLUGIN / part)
    terminal.cd(PLUGIN)
    terminal.run("plugin", "update-config")
    terminal.run("plugin", "check")


def _train(terminal: Terminal) -> None:
    terminal.heading("3  Trained, and trained on from the first model")
    train = ("plugin", "run", "train", "--mode", "local", "--params")
    terminal.run(*train, '{"dataset": 1, "epochs": 12}')
    terminal.run(*train, '{"dataset": 1, "epochs": 3, "checkpoint": 1}')
    terminal.run("run", "list")
    terminal.run("run", "metrics", "1", "--step", "validation")
    terminal.run("model", "list")


def _read_test_digits(terminal: Terminal, labels: Mapping[str, str]) -> float:
    terminal.heading("4  Put to work on digits whose labels it never saw")
    terminal.run("plugin", "run", "inference", "--params", '{"model": 2, "dataset": 1}')
    return _score(PLUGIN / "outputs/predictions.csv", labels)


def _score(predictions: Path, labels: Mapping[str, str]) -> float:
    try:
        accuracy = score(predictions, labels)
    except (OSError, ValueError) as error:
        print(f"\nerror: {error}", file=sys.stderr)
        raise StepFailedError("scoring the predictions", 1) from error
    print(f"\nThe demo compares {_shown(predictions)} with the labels it kept:")
    print(f"{accuracy:.3f} of {len(labels)} digits are read right; {REQUIRED_ACCURACY} are required.")
    if accuracy < REQUIRED_ACCURACY:
        raise StepFailedError("scoring the predictions", 1)
    return accuracy


def _summarise(accuracy: float, remote_accuracy: float, count: int, took_s: float) -> None:
    print(
        f"\n{_bold('Done')} in {took_s:.0f} s. Of {count} unseen digits {accuracy:.1%} were read right here,"
    )
    print(f"and {remote_accuracy:.1%} by the job on the server.\n")
    for what, where in {
        "the dataset": DEMO / "digits",
        "the plugin": PLUGIN,
        "its predictions": PLUGIN / "outputs/predictions.csv",
        "models and runs": DEMO / "home",
        "the server's data": DEMO / "server",
    }.items():
        print(f"  {what:<17} {_shown(where)}")
    print("\nGo on from here:\n")
    for line in (
        f"source {shlex.quote(_shown(Path(sys.prefix)))}/bin/activate",
        "export SYNAPSE_HOME=$PWD/.demo/home",
        "cd .demo/synapse-digits-plugin",
        "synapse plugin run train --set dataset=1 --set learning_rate=0.05",
        "synapse run metrics 4",
    ):
        print(f"  {line}")


def _private_environment() -> dict[str, str]:
    """Return this process's environment without its Synapse settings, and with a home in `.demo/`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SYNAPSE_")}
    return env | {"SYNAPSE_HOME": str(DEMO / "home")}


def _shown(path: Path) -> str:
    """Write a path as seen from the checkout's root, where the demo was started."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


if __name__ == "__main__":
    sys.exit(main())
