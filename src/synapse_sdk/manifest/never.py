"""What no ignore file can let through: the built-in never-list, as data, each entry with its reason.

A folder named `env`, `build` or `dist` is not on it: those are fine names for an author's own files.
Names are compared without regard to case.
"""

from __future__ import annotations

import re

VERSION_CONTROL = "version control"
VIRTUALENV = "virtual environment"
CACHE = "cache, made again when needed"
RECORDS = "run records of this machine"
DESKTOP = "left by the desktop"
EDITOR = "left by an editor"
ENVIRONMENT = "environment file, may hold secrets"
PRIVATE_KEY = "private key"
CREDENTIALS = "credentials"

#: Folders (and, for `.git` of a submodule, files) by name.
_FOLDERS = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr", ".jj", ".pijul"), VERSION_CONTROL),
    **dict.fromkeys((".venv", "venv"), VIRTUALENV),
    **dict.fromkeys(
        (
            "__pycache__",
            ".pytest_cache",
            ".mypy_cache",
            ".ruff_cache",
            ".hypothesis",
            ".tox",
            ".nox",
            ".ipynb_checkpoints",
            "node_modules",
        ),
        CACHE,
    ),
    ".synapse": RECORDS,
    **dict.fromkeys((".idea", ".vscode"), EDITOR),
    **dict.fromkeys((".aws", ".azure", ".gnupg", ".kube", ".ssh"), CREDENTIALS),
}

#: Files (or folders) by name.
_NAMES = {
    ".git": VERSION_CONTROL,
    **dict.fromkeys((".ds_store", "thumbs.db", "desktop.ini"), DESKTOP),
    **dict.fromkeys((".env", ".envrc"), ENVIRONMENT),
    **dict.fromkeys(
        ("id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"), PRIVATE_KEY
    ),
    **dict.fromkeys(
        (
            ".boto",
            ".dockercfg",
            ".git-credentials",
            ".htpasswd",
            ".my.cnf",
            ".netrc",
            ".npmrc",
            ".pgpass",
            ".pypirc",
            ".s3cfg",
            ".vault-token",
            "_netrc",
            "application_default_credentials.json",
            "credentials.json",
            "kaggle.json",
        ),
        CREDENTIALS,
    ),
}

#: Files by the end of their name.
_ENDINGS = {
    ".pyc": CACHE,
    ".pyo": CACHE,
    ".swp": EDITOR,
    ".swo": EDITOR,
    "~": EDITOR,
    ".jks": PRIVATE_KEY,
    ".key": PRIVATE_KEY,
    ".keystore": PRIVATE_KEY,
    ".p12": PRIVATE_KEY,
    ".pfx": PRIVATE_KEY,
    ".ppk": PRIVATE_KEY,
    ".kdbx": CREDENTIALS,
}
_ALL_ENDINGS = tuple(_ENDINGS)

#: Files by the last two parts of their path, where the name alone says too little.
_PATHS = {
    ".cargo/credentials": CREDENTIALS,
    ".cargo/credentials.toml": CREDENTIALS,
    ".docker/config.json": CREDENTIALS,
    ".streamlit/secrets.toml": CREDENTIALS,
}

_PATH_NAMES = frozenset(path.rpartition("/")[2] for path in _PATHS)

#: Google's usual names for what `gcloud` and the cloud console hand out.
_GOOGLE_FILES = re.compile(r"(service[-_]?account|client[-_]?secret).*\.json")
#: Examples that authors are meant to share. The secret scan reads them like any other file.
_ENVIRONMENT_EXAMPLES = frozenset({".env.example", ".env.sample", ".env.template", ".env.dist"})

#: A folder that holds one of these is a virtual environment, whatever its name is.
VIRTUALENV_MARKERS = ("pyvenv.cfg", "conda-meta")


def find_never(path: str, *, is_folder: bool) -> str | None:
    """Return why `path` can never travel, or None. Looks at the name only, see `VIRTUALENV_MARKERS`."""
    folded = path.lower()
    name = folded.rpartition("/")[2]
    if is_folder and (reason := _FOLDERS.get(name)):
        return reason
    if reason := _NAMES.get(name):
        return reason
    if name.startswith(".env.") and name not in _ENVIRONMENT_EXAMPLES:
        return ENVIRONMENT
    if is_folder:
        return None
    if name.endswith(".json") and _GOOGLE_FILES.fullmatch(name):
        return CREDENTIALS
    if name in _PATH_NAMES and (reason := _PATHS.get("/".join(folded.rsplit("/", 2)[-2:]))):
        return reason
    if not name.endswith(_ALL_ENDINGS):
        return None
    return next(reason for ending, reason in _ENDINGS.items() if name.endswith(ending))
