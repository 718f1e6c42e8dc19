"""The command line. Thin: each command reads its options and calls the room that does the work."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from conformance import __version__
from conformance.clireports import Wrong

_ROLE = click.Choice(["client", "server"])
_MODE = click.Choice(["all", "pairwise", "one", "sample"])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIR = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fumo-conformance")
def main() -> None:
    """Conformance of firmware update over the air with OMA Device Management.

    Plays the DM server, the content server and the sender of triggers against a device, or a device against a server;
    judges every message; writes reports.
    """


@main.command()
@click.option("--iut", "iuts", multiple=True, type=_FILE, help="IUT file: the implementation under test.")
@click.option("--role", type=_ROLE, help="Only cases for implementations of this role.")
@click.option("--select", multiple=True, metavar="PATTERN", help="Only these cases: ids with * and **, or @file.")
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Run folder (default: below reports/).")
@click.option("--strict", is_flag=True, help="A broken SHOULD fails.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything chosen by chance.")
@click.option("--permutations", type=_MODE, help="How axes are multiplied.")
@click.option("--resume", type=_DIR, metavar="RUN_DIR", help="Go on with an interrupted run.")
@click.option("--known", type=_FILE, metavar="FILE", help="Known failures: what is expected to fail, why, and until when.")
@click.option("--rerun-failed", is_flag=True, help="Play what did not pass once more; a change is shown as unstable.")
@click.option("-n", "--workers", type=int, default=0, help="Worker processes (pytest-xdist).")
@click.option("--quiet", is_flag=True, help="Only failures and the verdict.")
@click.option("--no-color", is_flag=True, help="No colours (as the variable NO_COLOR does).")
@click.option("--github", is_flag=True, help="Annotations and step summary for GitHub Actions.")
def run(**given: Any) -> None:
    """Run the suite. Without --iut: the reference device, then the reference server; with no option at all, one
    permutation of each case of both."""
    from conformance.harness.session import run_suite

    sys.exit(_guarded(lambda: run_suite(**given)))


@main.command(name="list")
@click.option("--iut", "iuts", multiple=True, type=_FILE, help="IUT file (default: the reference peers).")
@click.option("--role", type=_ROLE, help="Only this role.")
@click.option("--select", multiple=True, metavar="PATTERN", help="Only these cases.")
@click.option("--permutations", type=_MODE, default="all")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_(iuts: tuple[Path, ...], role: str | None, select: tuple[str, ...], permutations: str, form: str) -> None:
    """What would run for an implementation, and why or why not."""
    from conformance.harness.listing import listing, listing_text

    rows = _guarded(lambda: listing(iuts, role, select, permutations))
    click.echo(json.dumps(rows, indent=1, ensure_ascii=False) if form == "json" else listing_text(rows))


@main.command()
@click.argument("case")
def explain(case: str) -> None:
    """Purpose, requirements and steps of a case, in words."""
    from conformance.harness.explain import explain as explain_case

    click.echo(_guarded(lambda: explain_case(case)))


@main.command()
@click.option("--root", type=_DIR, help="Another folder of test cases.")
def lint(root: Path | None) -> None:
    """Check every file of the test cases; prints file:line: key: what."""
    from conformance.harness.lint import lint as lint_all
    from conformance.harness.places import testcases

    faults = lint_all(root or testcases())
    for fault in faults:
        click.echo(fault)
    if not faults:
        click.echo("nothing to complain about")
    sys.exit(1 if faults else 0)


@main.command()
@click.argument("run_dir", type=_DIR, required=False)
@click.option("--capture", type=_DIR, metavar="FOLDER", help="Judge recorded sessions between strangers instead.")
@click.option("--iut", type=_FILE, help="With --capture: IUT file whose accounts verify the credentials.")
@click.option("--role", type=_ROLE, help="With --capture: judge this side only.")
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="With --capture: keep the evidence there.")
@click.option("--strict", is_flag=True, help="A broken SHOULD fails.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def judge(run_dir: Path | None, capture: Path | None, strict: bool, form: str, **given: Any) -> None:
    """Judge the evidence of an earlier run again, or sessions that were recorded; no peer is needed."""
    from conformance.harness.rejudge import rejudge, rejudge_text

    if (run_dir is None) == (capture is None) or (run_dir is not None and any(given.values())):
        raise Wrong("judge takes RUN_DIR, or --capture FOLDER with --iut, --role and --output")
    if run_dir is None:
        assert capture is not None
        _judge_capture(capture, strict, form, given)
        return
    found = _guarded(lambda: rejudge(run_dir, strict or None))
    click.echo(json.dumps(found, indent=1, ensure_ascii=False) if form == "json" else rejudge_text(found))
    sys.exit(found["exit"])


def _judge_capture(folder: Path, strict: bool, form: str, given: dict[str, Any]) -> None:
    from conformance.harness.capture import CaptureFault
    from conformance.harness.capturejudge import as_dict, judge_captures, outcome
    from conformance.harness.capturetext import captures_text
    from conformance.harness.catalogue import load_catalogue
    from conformance.harness.places import testcases

    try:
        judged = _guarded(lambda: judge_captures(folder, strict=strict, **given))
    except CaptureFault as fault:
        raise Wrong(str(fault)) from fault
    if form == "json":
        click.echo(json.dumps([as_dict(each) for each in judged], indent=1, ensure_ascii=True))
    else:
        click.echo(captures_text(judged, load_catalogue(testcases())))
    sys.exit(outcome(judged))


@main.command()
@click.argument("file", type=click.File("rb"))
@click.option("--as", "kind", type=click.Choice(["message", "trigger", "push", "descriptor"]), help="What it is.")
def decode(file: Any, kind: str | None) -> None:
    """Show any body or datagram from the field, with every departure from the rules and its offset."""
    from conformance.harness.decoding import Undecodable, decode_text

    try:
        click.echo(decode_text(file.read(96 << 20), kind))
    except Undecodable as fault:
        click.echo(f"{file.name}: {fault}", err=True)
        sys.exit(1)


@main.command()
@click.argument("what", type=click.Choice(["record", "iut", "testcase", "requirements", "conformance", "known"]))
def schema(what: str) -> None:
    """Print a JSON Schema: of a line of the record, an IUT file, a case file, the catalogue, a file of known failures, the
    conformance statement."""
    from conformance.harness.schemas import schema_of

    click.echo(json.dumps(schema_of(what), indent=2, ensure_ascii=False))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--size", type=int, default=65536, show_default=True, help="Octets of the update package `good`.")
@click.option("--tls", is_flag=True, help="Over https, with certificates for both.")
def example(folder: Path, size: int, tls: bool) -> None:
    """Write IUT files and update packages for the reference peers, attached as processes, into FOLDER."""
    from conformance.harness.embedded import write_example

    for path in _guarded(lambda: write_example(folder, size, tls=tls)):
        click.echo(path)


@main.command()
@click.option("--iut", "path", required=True, type=_FILE, help="IUT file.")
@click.option("--format", "form", type=click.Choice(["tnds", "w7"]), default="tnds", show_default=True,
              help="DM account as TNDS, or Client Provisioning (w7).")  # fmt: skip
@click.option("--layout", type=click.Choice(["1.2", "1.1.2"]), default="1.2", show_default=True, help="Version of the DM account.")
@click.option("--server-url", default="", help="Address of the DM server, where the file gives none that lasts.")
@click.option("--output", default="-", show_default=True, metavar="FILE", help="Where it goes; -: standard output.")
def account(path: Path, form: str, layout: str, server_url: str, output: str) -> None:
    """Write the account of an IUT file as a document that can be loaded into a device.

    The document holds names, passwords and nonces of both sides: that is what it is for. A file is made readable for its
    owner only; keep it as you keep the passwords.
    """
    from conformance.harness.account import AccountError, write_account

    try:
        warning = _guarded(lambda: write_account(path, form, layout, server_url, output))
    except AccountError as fault:
        raise Wrong(str(fault)) from fault
    if warning:
        click.echo(warning, err=True)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell: eval "$(fumo-conformance completion bash)"."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(main, {}, "fumo-conformance", "_FUMO_CONFORMANCE_COMPLETE").source())


def _guarded(work: Any) -> Any:
    """Runs ``work``; files with faults are told line by line with exit status 2."""
    from conformance.harness.yamlfile import FileFault, FileFaults

    try:
        return work()
    except (FileFault, FileFaults) as fault:
        raise Wrong(str(fault)) from fault
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the reader went away: stay silent
        raise SystemExit(0) from None
    except OSError as trouble:
        raise Wrong(f"{trouble.filename or ''}: {trouble.strerror or trouble}".lstrip(": ")) from trouble


def _others() -> None:
    from conformance import cliproof, clireports
    from conformance.peers.options import device, server

    for command in (device, server, *clireports.COMMANDS, *cliproof.COMMANDS):
        main.add_command(command)


_others()

if __name__ == "__main__":
    main()
