"""A page's blocks, carried out one after the other in one folder, as a reader would who types all of them.

The page becomes one shell script: files are written, commands and Python blocks are run, each in a process of
its own. What the page shows is then looked for in what was printed.

A line `synapse server start …` is started in the background, on any free port; where the page goes on to say
`http://127.0.0.1:8000`, that server is meant. It ends with the story, or when a page says `kill %1`.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli_process import private_environment, run_to_end
from tests.docs.markdown import Block, read_blocks

#: Languages that are shown to be read.
READ_ONLY = frozenset({"", "text", "toml", "json", "mermaid", "diff"})
#: Lines of a `bash` block that set up a machine. The tests run on one that is set up; they skip these.
INSTALLING = ("make ", "pip ", "python3 -m venv ", "git clone ")
#: Where a server listens unless told, which may be taken on the machine of the tests.
USUAL_ADDRESS = "127.0.0.1:8000"
_SERVER = "synapse server start"
_MARK = "@@step"
_END = "END_OF_THE_BLOCK"
_NUMBER = re.compile(r"sha256:[0-9a-f]*…?|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\d[\d,.:]*(?:e-?\d+)?")
_BRAILLE = re.compile(r"[⠀-⣿]")
#: Shell functions of every story. The console's line is the last that a server says before it serves.
_PROLOGUE = f"""
exec 2>&1
__code=0
__address={USUAL_ADDRESS}
__serve() {{
  local log server
  log=$(mktemp)
  "$@" --port 0 > "$log" 2>&1 &
  server=$!
  until grep -q '^Console: ' "$log"; do
    if ! kill -0 "$server" 2> /dev/null; then
      cat "$log"
      wait "$server"
      return
    fi
    sleep 0.1
  done
  cat "$log"
  __server=$server
  __address=$(grep -om1 '127\\.0\\.0\\.1:[0-9]*' "$log")
}}
__end_server() {{
  test -z "$__server" && return
  kill "$__server" && wait "$__server"
  __server=
}}
trap __end_server EXIT
"""


@dataclass(slots=True)
class Step:
    """Something that is run, and what the page promises of it."""

    block: Block
    shown: str
    script: str
    expected: list[str] = field(default_factory=list)
    #: None: the page says it in words of its own, `echo $?`.
    exit_code: int | None = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a step printed, and how it ended."""

    step: Step
    output: str
    exit_code: int

    def find_problem(self) -> str | None:
        """Say what differs from the page, or None."""
        step = self.step
        problems = []
        if step.exit_code is not None and self.exit_code != step.exit_code:
            problems.append(f"ended with exit code {self.exit_code}, not {step.exit_code}")
        if missing := find_missing(step.expected, self.output.splitlines()):
            problems.append(f"did not print, in this order: {missing!r}")
        if not problems:
            return None
        printed = "".join(f"    {line}\n" for line in self.output.splitlines())
        return f"{step.block.place}: `{step.shown}` {' and '.join(problems)}. It printed:\n{printed}"


def run_story(page: Path, folder: Path) -> list[Told]:
    """Run a page from beginning to end in `folder`, which must be empty."""
    steps, script = plan_story(page, folder)
    if not steps:
        return []
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    file = folder / "story.sh"
    file.write_text(script, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Unbuffered, so that stdout and stderr come in the order in which a terminal shows them.
    env = private_environment(home) | {"PATH": path, "PYTHONUNBUFFERED": "1", "COLUMNS": "80", "LINES": "40"}
    finished = run_to_end(["bash", str(file)], cwd=work, env=env, timeout_s=150)
    told = _read_told(finished.stdout, steps)
    assert len(told) == len(steps), f"the story of {page.name} broke off:\n{finished}"
    return told


def plan_story(page: Path, folder: Path) -> tuple[list[Step], str]:
    """Return the steps of a page and the script that takes them."""
    steps: list[Step] = []
    script = [_PROLOGUE.strip()]
    python = ""
    for block in read_blocks(page):
        if "not run" in block.notes:
            continue
        if name := block.notes.get("file"):
            script.append(_write_file(name, block.text))
        elif block.language == "setup":
            for line in filter(None, block.text.splitlines()):
                _add(script, steps, Step(block, line, line))
        elif block.language == "bash":
            for line in _read_bash(block):
                _add(script, steps, Step(block, line, line))
        elif block.language == "console":
            for step in _read_console(block):
                _add(script, steps, step)
        elif block.language == "python":
            python = f"{python}\n{block.text}" if "continues" in block.notes else block.text
            snippet = folder / f"snippet_{len(steps)}.py"
            snippet.write_text(python, encoding="utf-8")
            # From standard input, so that the current folder is importable and nothing is written into it.
            step = Step(block, "python", f"python - < {shlex.quote(str(snippet))}")
            if USUAL_ADDRESS in python:
                step.script = f'sed "s/{USUAL_ADDRESS}/$__address/" {shlex.quote(str(snippet))} | python -'
            step.exit_code = int(block.notes.get("exits", 0))
            _add(script, steps, step)
        elif "prints" in block.notes:
            steps[-1].expected = block.text.splitlines()
    return steps, "\n".join(script) + "\n"


def find_missing(expected: Sequence[str], printed: Sequence[str]) -> str | None:
    """Return the first of the `expected` lines that is not among the printed ones in this order.

    Numbers, digests and the width of gaps may differ; `…` stands for anything; drawn lines are not compared.
    """
    lines = iter([_blur(line) for line in printed])
    for line in expected:
        blurred = _blur(line)
        if blurred in ("", "…") or _BRAILLE.search(line):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in blurred.split("…")))
        if not any(pattern.fullmatch(candidate) for candidate in lines):
            return line
    return None


def _blur(line: str) -> str:
    return re.sub(r"\s+", " ", _NUMBER.sub("#", line)).strip()


def _write_file(name: str, text: str) -> str:
    parent = shlex.quote(str(Path(name).parent))
    return f"mkdir -p {parent}\ncat > {shlex.quote(name)} <<'{_END}'\n{text}{_END}"


def _add(script: list[str], steps: list[Step], step: Step) -> None:
    script.append(f"printf '\\n{_MARK} %d\\n' {len(steps)}")
    # So that `echo $?` tells how the command before it ended.
    script.append("( exit $__code )")
    script.append(_with_server(step.script))
    script.append(f"__code=$?; printf '\\n{_MARK} done %d\\n' $__code")
    steps.append(step)


def _with_server(command: str) -> str:
    """Make a command that starts a server return, and one that ends or asks it find this story's."""
    if command.startswith(_SERVER):
        return f"__serve {command.removesuffix('&').rstrip()}"
    if command == "kill %1":
        return "__end_server"
    return command.replace(USUAL_ADDRESS, "$__address")


def _read_console(block: Block) -> list[Step]:
    """Split a console block at its prompts: `$ command`, what goes on after a backslash, then its output."""
    steps: list[Step] = []
    goes_on = False
    for line in block.text.splitlines():
        if goes_on:
            steps[-1].script += f"\n{line}"
            goes_on = line.endswith("\\")
        elif line.startswith("$ "):
            command = line.removeprefix("$ ")
            if command == "echo $?" and steps:
                steps[-1].exit_code = None
            steps.append(Step(block, command, command))
            goes_on = command.endswith("\\")
        elif steps:
            steps[-1].expected.append(line)
        else:
            raise AssertionError(f"{block.place}: a console block begins with `$ `")
    codes = [int(code) for code in block.notes.get("exits", "").split()]
    for step, code in zip(reversed(steps), reversed(codes), strict=False):
        step.exit_code = code
    return steps


def _read_bash(block: Block) -> list[str]:
    """Return the commands of a block without prompts, if it tells a story with Synapse."""
    lines = [line.strip() for line in block.text.replace("\\\n", " ").splitlines()]
    if not any(line.startswith("synapse ") for line in lines):
        return []
    return [line for line in lines if line and not line.startswith((*INSTALLING, "#"))]


def _read_told(text: str, steps: Sequence[Step]) -> list[Told]:
    pattern = re.compile(
        rf"^{_MARK} (?P<number>\d+)\n(?P<output>.*?)\n{_MARK} done (?P<code>\d+)$", re.DOTALL | re.MULTILINE
    )
    return [
        Told(steps[int(match["number"])], match["output"], int(match["code"]))
        for match in pattern.finditer(text)
    ]
