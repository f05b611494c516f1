"""`synapse server account …`: who may sign in, on the server's own machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.clock import iso_z
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.secret import Secret
from synapse_sdk._internal.terminal import is_interactive
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.accounts.models import Member
    from synapse_sdk.server.accounts.service import AccountService
    from synapse_sdk.server.data_folder import DataFolder
    from synapse_sdk.server.http.principal import Role

ROLES = ("viewer", "developer", "publisher", "admin")
#: Longer than any password that is taken; what is longer is another file.
_FILE_LIMIT_BYTES = 8192

account = LazyGroup(
    "account",
    help="Look after the accounts of a server.",
    entries={
        "list": Entry("synapse_sdk.cli.server.account:list_accounts", "List accounts and their roles."),
        "add": Entry("synapse_sdk.cli.server.account:add", "Make an account."),
        "role": Entry("synapse_sdk.cli.server.account:set_role", "Give an account another role."),
        "password": Entry("synapse_sdk.cli.server.account:set_password", "Set an account's password."),
        "disable": Entry("synapse_sdk.cli.server.account:disable", "Shut an account out."),
        "enable": Entry("synapse_sdk.cli.server.account:enable", "Let an account in again."),
    },
)


@click.command("list")
@with_output
@with_data_folder
def list_accounts(output: Output, folder: DataFolder) -> int:
    """List accounts, what they may do, and whether they have a password."""
    with _opened(folder) as accounts:
        found = accounts.list_members()
    if output.as_json:
        output.document({"accounts": [_describe(member) for member in found]})
        return ExitCode.DONE
    headers = ("account", "role", "state", "password", "made")
    output.table(headers, [_build_row(member) for member in found])
    return ExitCode.DONE


@click.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="developer", help="What it may do.")
@with_output
@with_data_folder
def add(output: Output, folder: DataFolder, name: str, role: Role) -> int:
    """Make the account NAME. It signs in by a link, or by a password once it has one."""
    with _opened(folder) as accounts:
        accounts.add_account(name, role=role)
        _answer(output, accounts.get_member(name), f"Made the account {name} ({role}).")
    output.say(f"A way in: synapse server link --account {name}, or synapse server account password {name}")
    return ExitCode.DONE


@click.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@with_output
@with_data_folder
def set_role(output: Output, folder: DataFolder, name: str, role: Role) -> int:
    """Give the account NAME the ROLE. All its tokens follow at once."""
    with _opened(folder) as accounts:
        accounts.get_member(name)
        accounts.ensure_account(name, role=role)
        _answer(output, accounts.get_member(name), f"{name} is {role} now.")
    return ExitCode.DONE


@click.command("password")
@click.argument("name")
@click.option("--password-file", help="File that holds the password; - for standard input.")
@with_output
@with_data_folder
def set_password(output: Output, folder: DataFolder, name: str, password_file: str | None) -> int:
    """Set the password of the account NAME, and end its sessions in the console. Asks, without showing it."""
    with _opened(folder) as accounts:
        accounts.get_member(name)
        password = _ask_password() if password_file is None else _read_password(password_file)
        accounts.ensure_account(name, password=password.reveal())
        said = f"{name} signs in with the new password; who was signed in as {name} is signed out."
        _answer(output, accounts.get_member(name), said)
    return ExitCode.DONE


@click.command("disable")
@click.argument("name")
@with_output
@with_data_folder
def disable(output: Output, folder: DataFolder, name: str) -> int:
    """Shut the account NAME out: its tokens and sessions are refused until it is enabled again."""
    with _opened(folder) as accounts:
        accounts.set_active(name, is_active=False)
        _answer(output, accounts.get_member(name), f"{name} is shut out.")
    return ExitCode.DONE


@click.command("enable")
@click.argument("name")
@with_output
@with_data_folder
def enable(output: Output, folder: DataFolder, name: str) -> int:
    """Let the account NAME in again. Its tokens that are not revoked are good again."""
    with _opened(folder) as accounts:
        accounts.set_active(name, is_active=True)
        _answer(output, accounts.get_member(name), f"{name} is let in again.")
    return ExitCode.DONE


@contextmanager
def _opened(folder: DataFolder) -> Iterator[AccountService]:
    from synapse_sdk.server.app import open_services

    services = open_services(folder)
    try:
        yield services.accounts
    finally:
        services.database.close()


def _answer(output: Output, member: Member, said: str) -> None:
    if output.as_json:
        output.document(_describe(member))
    output.say(said)


def _describe(member: Member) -> dict[str, object]:
    return {
        "account": member.name,
        "role": member.role,
        "is_active": member.is_active,
        "has_password": member.has_password,
        "created_at": iso_z(member.created_at),
    }


def _build_row(member: Member) -> tuple[str, ...]:
    return (
        member.name,
        member.role,
        "active" if member.is_active else "disabled",
        "set" if member.has_password else "none",
        member.created_at.strftime("%Y-%m-%d"),
    )


def _ask_password() -> Secret:
    if not is_interactive():
        raise SynapseError(
            "Without a terminal, --password-file is needed.",
            hint="Give the password on standard input: --password-file -",
        )
    import questionary

    first = questionary.password("New password (not shown):").unsafe_ask() or ""
    if first != (questionary.password("Once more:").unsafe_ask() or ""):
        raise SynapseError("The two passwords differ; nothing is changed.", hint="Try again.")
    return Secret(first)


def _read_password(file: str) -> Secret:
    """Read a password from a file or standard input: its first line, the only one.

    Raises:
        SynapseError: There is no such file, or it holds more than a line.
    """
    try:
        data = sys.stdin.buffer.read(_FILE_LIMIT_BYTES + 1) if file == "-" else Path(file).read_bytes()
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise SynapseError(f"The password file {file} can not be read: {error}.", {"file": file}) from error
    if "\n" in text or len(data) > _FILE_LIMIT_BYTES:
        raise SynapseError(f"{file} holds more than one line, which is no password.", {"file": file})
    return Secret(text)
