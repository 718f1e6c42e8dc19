"""Commands about runs that have ended: reports, evidence, signatures, comparisons. Thin, like :mod:`conformance.cli`.

Everything here is made from run folders alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from conformance.judge.finding import Requirement
from conformance.report.record import RECORD, Record, read_record

T = TypeVar("T")
_DIR = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


class Wrong(click.ClickException):
    """Used wrongly: exit status 2 and what is wrong."""

    exit_code = 2


def guarded(work: Callable[[], T]) -> T:
    """Runs ``work``; what is wrong with a file is told in a line, with exit status 2."""
    try:
        return work()
    except OSError as trouble:
        raise Wrong(f"{trouble.filename or ''}: {trouble.strerror or trouble}".lstrip(": ")) from trouble
    except ValueError as fault:
        raise Wrong(str(fault)) from fault


def _catalogue() -> Mapping[str, Requirement]:
    from conformance.harness.catalogue import load_catalogue
    from conformance.harness.places import testcases

    return load_catalogue(testcases())


def _record(run_dir: Path) -> Record:
    return guarded(lambda: read_record(run_dir / RECORD))


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        guarded(lambda: output.write_text(text, encoding="utf-8", newline="\n"))
        click.echo(str(output))


@click.command()
@click.argument("run_dir", type=_DIR)
@click.option(
    "--format", "forms", multiple=True,
    type=click.Choice(["all", "html", "junit", "summary", "conformance", "badge", "console", "markdown"]),
    help="What to make; may be given several times (default: all files).",
)  # fmt: skip
def report(run_dir: Path, forms: tuple[str, ...]) -> None:
    """Make the reports of a run again, from its folder alone."""
    from conformance.harness.deviations import known
    from conformance.harness.places import testcases
    from conformance.report.console import print_summary
    from conformance.report.write import FORMS, certificate_markdown, write_reports

    _record(run_dir)
    wanted = [form for form in FORMS if not forms or "all" in forms or form in forms]
    for path in guarded(lambda: write_reports(run_dir, _catalogue(), wanted, known(testcases()))) if wanted else ():
        click.echo(str(path))
    if "markdown" in forms:
        click.echo(certificate_markdown(run_dir, _catalogue()), nl=False)
    if "console" in forms:
        print_summary(_record(run_dir), _catalogue(), run_dir)


@click.command()
@click.argument("run_dir", type=_DIR)
@click.option("--output", type=_OUT, help="The archive (default: RUN_DIR.tar.gz beside the folder).")
@click.option("--key", type=_FILE, help="Sign the archive with this private key, detached: beside it, its name + .sig.")
def evidence(run_dir: Path, output: Path | None, key: Path | None) -> None:
    """Pack record, reports and evidence of a run into one archive; IUT file and secrets stay out."""
    from conformance.report.archive import pack
    from conformance.report.signing import read_private, sign_file

    _record(run_dir)
    private = guarded(lambda: read_private(key)) if key else None
    target = output or run_dir.resolve().parent / f"{run_dir.resolve().name}.tar.gz"
    count = guarded(lambda: pack(run_dir, target))
    click.echo(f"{target}: {count} files")
    if private is not None:
        click.echo(str(guarded(lambda: sign_file(target, private))))


@click.command()
@click.argument("target", type=click.Path(exists=True, path_type=Path))
@click.option("--key", type=_FILE, help="Private key: Ed25519, PEM.")
@click.option("--new-key", type=_OUT, help="Make a new key there first (and its public half, + .pub).")
def sign(target: Path, key: Path | None, new_key: Path | None) -> None:
    """Sign a run folder (manifest.json and manifest.sig in it), or an archive (detached)."""
    from conformance.report import signing

    if (key is None) == (new_key is None):
        raise click.UsageError("give one of --key and --new-key")
    if new_key is not None:
        click.echo(f"new key {guarded(lambda: signing.new_key(new_key))} in {new_key}, public half in {new_key}.pub")
    private = guarded(lambda: signing.read_private(key or new_key or Path()))
    if target.is_dir():
        _record(target)
        click.echo(f"{target}: {guarded(lambda: signing.sign_run(target, private))} files signed")
    else:
        click.echo(str(guarded(lambda: signing.sign_file(target, private))))
    click.echo(f"by {signing.fingerprint(private.public_key())}")


@click.command()
@click.argument("target", type=click.Path(exists=True, path_type=Path))
@click.option("--key", "keys", multiple=True, type=_FILE, help="Public keys that are trusted: PEM, one or many.")
@click.option("--judge", "again", is_flag=True, help="Judge the evidence again as well, and compare.")
def verify(target: Path, keys: tuple[Path, ...], again: bool) -> None:
    """Check the signature of a run folder or an archive. Exit status 1 where anything is not as it was signed."""
    from conformance.report.signing import read_public, verify_file, verify_run

    trusted = [public for path in keys for public in guarded(lambda path=path: read_public(path))]  # type: ignore[misc]
    found = guarded(lambda: verify_run(target, trusted) if target.is_dir() else verify_file(target, trusted))
    for fault in found.faults:
        click.echo(f"NOT AS SIGNED  {_line(fault)}")
    if found.fingerprint:
        click.echo(f"signed by {found.fingerprint}" + ("" if found.trusted else ", a key that is not trusted"))
    if not keys:
        click.echo("no key was given: a signature proves nothing without --key, the public key of who signed")
    good = found.good
    if good:
        click.echo(f"{target}: all {found.files} files are as they were signed" if target.is_dir() else f"{target}: as it was signed")
    if again and target.is_dir():
        good = _judged_again(target) and good
    elif again:
        raise click.UsageError("--judge needs a run folder: unpack the archive first")
    sys.exit(0 if good else 1)


def _judged_again(run_dir: Path) -> bool:
    from conformance.harness.rejudge import rejudge

    found = guarded(lambda: rejudge(run_dir))
    other = [result["id"] for result in found["results"] if not result["same"]]
    for name in other[:20]:
        click.echo(f"JUDGED OTHERWISE  {_line(name)}")
    click.echo(f"judged again: {len(found['results']) - len(other)} of {len(found['results'])} results are the same")
    return not other


def _line(text: str) -> str:
    from conformance.report.text import visible

    return visible(text)


@click.command()
@click.argument("run_a", type=_DIR)
@click.argument("run_b", type=_DIR)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "html", "json"]), default="text", show_default=True)
@click.option("--output", type=_OUT, help="Write to this file.")
def diff(run_a: Path, run_b: Path, form: str, output: Path | None) -> None:
    """What became better or worse from RUN_A to RUN_B. Exit status 1 where something broke."""
    from conformance.report import comparepage
    from conformance.report.compare import diff as compare

    found, catalogue = compare(_record(run_a), _record(run_b)), _catalogue()
    made = {
        "text": lambda: comparepage.diff_text(found, catalogue),
        "markdown": lambda: comparepage.diff_markdown(found, catalogue),
        "html": lambda: comparepage.diff_html(found, catalogue),
        "json": lambda: _json(comparepage.diff_data(found)),
    }[form]()
    _put(made, output)
    sys.exit(1 if found.worse else 0)


@click.command()
@click.argument("runs", type=_DIR, nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["markdown", "html", "json"]), default="markdown", show_default=True)
@click.option("--output", type=_OUT, help="Write to this file.")
def matrix(runs: Sequence[Path], form: str, output: Path | None) -> None:
    """Several runs side by side: implementations by theme, and the cases in which they differ."""
    from conformance.report import comparepage

    records = [_record(run) for run in runs]
    made = {
        "markdown": lambda: comparepage.matrix_markdown(records),
        "html": lambda: comparepage.matrix_html(records),
        "json": lambda: _json(comparepage.matrix_data(records)),
    }[form]()
    _put(made, output)


@click.command()
@click.argument("runs", type=_DIR, nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@click.option("--output", type=_OUT, help="Write to this file.")
def trend(runs: Sequence[Path], form: str, output: Path | None) -> None:
    """Many runs of an implementation in the order of time: counts, and what broke from one to the next."""
    from conformance.report import compare, comparepage

    records = [_record(run) for run in runs]
    _put(_json(compare.trend(records)) if form == "json" else comparepage.trend_markdown(records), output)


@click.command()
@click.argument("run_dir", type=_DIR)
@click.argument("case")
@click.option("--output", type=_OUT, help="The capture (default: beside the record, named after the case).")
def pcap(run_dir: Path, case: str, output: Path | None) -> None:
    """Write the messages of one CASE (the id of a permutation) as a packet capture for Wireshark: pcapng."""
    from conformance.report.capture import write_capture
    from conformance.report.record import latest

    found = [line for line in latest(_record(run_dir).results) if case in (line["id"], line["case"])]
    if not found:
        raise Wrong(f"{case}: no such permutation in {run_dir / RECORD}")
    for line in found if output is None else found[:1]:
        target = output or run_dir / f"{line['id'].replace('/', '_')}.pcapng"
        count = guarded(lambda line=line, target=target: write_capture(run_dir, line, target))  # type: ignore[misc]
        click.echo(f"{target}: {count} packets")


@click.command()
@click.option("--from", "run_dir", type=_DIR, required=True, metavar="RUN_DIR", help="The run whose failures become known.")
@click.option("--reason", default="", help="Why they fail: a sentence, a ticket.")
@click.option("--until", default="", metavar="DATE", help="The last day on which they are known: YYYY-MM-DD.")
@click.option("--output", type=_OUT, help="Write to this file.")
def known(run_dir: Path, reason: str, until: str, output: Path | None) -> None:
    """Write the failures of a run as known failures, for `run --known`."""
    from conformance.harness.expected import known_text

    record = _record(run_dir)
    reason = reason.strip() or f"It failed so in the run of {record.header['started'][:10]}."
    _put(guarded(lambda: known_text(record, reason, until)), output)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=True) + "\n"


COMMANDS = (report, evidence, pcap, sign, verify, diff, matrix, trend, known)
"""What :mod:`conformance.cli` adds to its own commands."""
