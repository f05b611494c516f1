"""config.yaml from disk: found, read, checked, each problem with its line and column."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from synapse_sdk.plugins.config_problem import ConfigProblem, Place, kind_of, refuse
from synapse_sdk.plugins.config_rules import is_plain
from synapse_sdk.plugins.config_syntax import find_misused_syntax
from synapse_sdk.plugins.errors import ConfigError, ConfigNotFoundError

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

    from synapse_sdk.plugins.config import PluginConfig

#: Names of a config file, the first that is there counts.
CONFIG_NAMES = ("config.yaml", "synapse.yaml")
#: A config file is written by hand; what is larger is something else.
SIZE_LIMIT_BYTES = 1024 * 1024
#: Aliases can make a small file enormous. Counted after they are followed.
NODE_LIMIT = 100_000
#: What editors write before text that is UTF-16.
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class LoadedConfig:
    """A valid config file. Its model is built when somebody asks for it."""

    def __init__(
        self,
        path: Path,
        document: Mapping[str, Any],
        unknown_keys: Sequence[ConfigProblem] = (),
        unusable: Mapping[str, tuple[ConfigProblem, ...]] | None = None,
        *,
        folder: Path | None = None,
        config: PluginConfig | None = None,
    ) -> None:
        """Hold what was read.

        Args:
            path: The file.
            document: What it holds, in plain values, without the actions that can not be used; it fits.
            unknown_keys: What in it has no effect.
            unusable: By action that can not be used: why.
            folder: The plugin's, where it is not the file's.
            config: The model of the document, where it is built already.
        """
        self.path = path
        #: The plugin's folder.
        self.folder = folder or path.parent
        self.document = document
        self.unknown_keys = tuple(unknown_keys)
        self.unusable = dict(unusable or {})
        self._config = config

    @property
    def warnings(self) -> tuple[ConfigProblem, ...]:
        """What deserves a look, and stops nothing."""
        told = (problem for found in self.unusable.values() for problem in found)
        return (*self.unknown_keys, *(_as_warning(problem) for problem in told))

    @property
    def config(self) -> PluginConfig:
        """The config, without the actions that can not be used."""
        if self._config is None:
            from synapse_sdk.plugins.config import PluginConfig
            from synapse_sdk.plugins.config_validation import with_action_names

            self._config = PluginConfig.model_validate(with_action_names(self.document))
        return self._config

    @property
    def code(self) -> str:
        """The plugin's code."""
        return str(self.document["code"])

    @property
    def action_names(self) -> list[str]:
        """Names of the actions that can be used, in the order of the file."""
        return list(self.document["actions"])


def _as_warning(problem: ConfigProblem) -> ConfigProblem:
    return problem._replace(text=f"{problem.text} (this action can not be used; the others can)")


def write_document(document: dict[str, Any]) -> str:
    """Return a document as YAML, in the order of its keys."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def find_config(path: Path) -> Path:
    """Return the config file at `path`: the file itself, or the one in the folder.

    Raises:
        ConfigNotFoundError: There is none; the message begins "Config file not found".
    """
    path = path.absolute()
    if path.is_file():
        return path
    candidates = [path / name for name in CONFIG_NAMES] if path.is_dir() or not path.suffix else [path]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    for candidate in candidates:
        if os.path.lexists(candidate):  # a folder, a link that leads nowhere, a pipe
            raise ConfigNotFoundError.instead_of_file(candidate)
    raise ConfigNotFoundError.at(candidates)


def load_config(path: Path) -> LoadedConfig:
    """Read and check the config file at `path`, a file or a plugin folder.

    Raises:
        ConfigNotFoundError: There is none.
        ConfigError: It is not YAML, or does not fit, in more than some of its actions; the message has every
            problem with line and column.
    """
    file = find_config(path)
    text = _read(file)
    document = parse_config(text, file=file.name)
    plain = to_plain(document, file.name)
    if is_plain(plain):
        return LoadedConfig(file, plain)
    from synapse_sdk.plugins.config_validation import find_unknown_keys, validate_config

    config, unusable = validate_config(document, plain, text=text, file=file.name)
    usable = {name: entry for name, entry in plain["actions"].items() if name not in unusable}
    unknown_keys = tuple(find_unknown_keys(document, file.name))
    return LoadedConfig(file, {**plain, "actions": usable}, unknown_keys, unusable, config=config)


def parse_config(text: str, *, file: str = "config.yaml", begins_with: str = "name") -> CommentedMap:
    """Parse YAML into a mapping that knows its comments and places.

    Raises:
        ConfigError: It is not YAML, or not a mapping.
    """
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.composer.warn_double_anchors = False  # allowed by YAML; a Python warning helps nobody
    try:
        document = yaml.load(StringIO(text))
    except RecursionError as error:
        raise refuse(file, [ConfigProblem(file, Place(1, 1), "it is nested too deeply")]) from error
    except Exception as error:  # border of the parser, which lets errors of its own helpers through
        raise refuse(file, [_explain_yaml(error, text, file)]) from error
    from ruamel.yaml.comments import CommentedMap

    if not isinstance(document, CommentedMap):
        found = "nothing" if document is None else f"a {kind_of(document)}"
        problem = f"the file holds {found}; it must be a mapping that begins with `{begins_with}:`"
        raise refuse(file, [ConfigProblem(file, Place(1, 1), problem)])
    if problems := find_misused_syntax(text, file):
        raise refuse(file, problems)
    return document


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"{file} can not be read: {error.strerror or error}.", {"path": str(file)}
        ) from error
    if len(data) > SIZE_LIMIT_BYTES:
        problem = f"the file is larger than {SIZE_LIMIT_BYTES:,} bytes; that is no plugin's config"
        raise refuse(file.name, [ConfigProblem(file.name, Place(1, 1), problem)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
        what = (
            "this is UTF-16" if data[:2] in _UTF16_MARKS else f"byte 0x{data[error.start]:02x} is not UTF-8"
        )
        problem = f"{what}; save the file as UTF-8"
        raise refuse(file.name, [ConfigProblem(file.name, place, problem)]) from error


def to_plain(document: Any, file: str) -> Any:
    """Turn a parsed document into plain dicts, lists and scalars, within bounds.

    Raises:
        ConfigError: Aliases make it too large.
    """
    from ruamel.yaml.comments import TaggedScalar
    from ruamel.yaml.scalarbool import ScalarBoolean

    budget = [NODE_LIMIT]

    def convert(node: Any, parents: frozenset[int]) -> Any:
        budget[0] -= 1
        if budget[0] < 0 or id(node) in parents:
            what = "refers to itself" if id(node) in parents else f"has more than {NODE_LIMIT:,} values"
            raise refuse(file, [ConfigProblem(file, Place(1, 1), f"the file {what} through its aliases")])
        if isinstance(node, dict):
            inner = parents | {id(node)}
            return {key: convert(value, inner) for key, value in node.items()}
        if isinstance(node, list):
            inner = parents | {id(node)}
            return [convert(value, inner) for value in node]
        if isinstance(node, TaggedScalar):
            return node.value
        if isinstance(node, str):
            return str(node)  # quoted scalars are a subclass that remembers its quotes
        if isinstance(node, ScalarBoolean):
            return bool(node)
        if isinstance(node, int | float) and not isinstance(node, bool):
            return int(node) if isinstance(node, int) else float(node)
        return node

    return convert(document, frozenset())


#: What the parser says of the mistakes that people make most, and what these are in their words.
_YAML_ADVICE: Final = {
    "'\\t'": "; indent with spaces, not with tabs",
    "expected <block end>": "; is this line indented just as far as its neighbours?",
    "could not find expected ':'": "; a key is written `key: value`",
}


def _explain_yaml(error: Any, text: str, file: str) -> ConfigProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = getattr(error, "position", None)  # of a character that YAML does not allow
    if mark:
        place = Place(mark.line + 1, mark.column + 1)
    elif isinstance(at, int):
        place = Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    else:
        place = Place(1, 1)
    what = getattr(error, "problem", None) or next(iter(str(error).splitlines()), type(error).__name__)
    if isinstance(error, ValueError) and "integer string conversion" in what:
        number = max(re.finditer(r"\d+", text), key=lambda found: len(found[0]))
        at = number.start()
        place = Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        return ConfigProblem(file, place, f"a number of {len(number[0]):,} digits is more than can be read")
    advice = next((advice for words, advice in _YAML_ADVICE.items() if words in what), "")
    return ConfigProblem(file, place, f"this is not YAML: {what}{advice}")
