"""Commands that try the suite itself. Thin, like :mod:`conformance.cli`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from conformance.clireports import Wrong, guarded

_DIR = click.Path(exists=True, file_okay=False, path_type=Path)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _importable() -> None:
    """Peers that are processes must find the package, also where it runs from a checkout and is not installed."""
    root = Path(__file__).resolve().parent.parent
    if (root / "pyproject.toml").is_file():
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))


@click.command()
@click.option("--role", type=click.Choice(["client", "server"]), help="Only deviations of peers of this role.")
@click.option("--deviation", "names", multiple=True, metavar="ID", help="Only these deviations.")
@click.option("--full", is_flag=True, help="Every case against every deviation, not only the likely killers.")
@click.option("--cases", "cases", is_flag=True, help="The other way round: does each case catch a deviation for what it asks for?")
@click.option("-n", "--workers", type=click.IntRange(1), help="Worker processes (default: one for each processor).")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path("reports/proof"), show_default=True,
              metavar="DIR", help="Where results and reports go.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the proof in the folder, as it was begun.")
@click.option("--quiet", is_flag=True, help="Only what is not caught, and the outcome.")
def prove(
    role: str | None, names: Sequence[str], full: bool, cases: bool, workers: int | None, output: Path, resume: bool, quiet: bool
) -> None:
    """Prove the suite: is each deviation of the reference peers caught, and for the right reason?

    Exit status 0: everything is caught, or explained in the data. 1: not. 3: the proof is not complete. With --cases 0:
    each case catches a deviation, or says why it stands. 1: not.
    """
    if cases:
        if full or resume or names:
            raise Wrong("--cases goes with --role, --workers, --output and --quiet only")
        _prove_cases(role, workers or cores(), output, quiet)
    from conformance.harness.prove import pieces
    from conformance.report.proof import ProofWriter, read_proof
    from conformance.report.proofpage import console_lines, write_proof
    from conformance.report.record import RECORD

    record = output / RECORD
    if record.exists() != resume:
        why = "there is no proof to go on with" if resume else "holds a proof already; use --resume, or another --output"
        raise Wrong(f"{record}: {why}")
    _importable()
    head = guarded(lambda: _header(role, names, full, workers or cores()))
    done: set[str] = set()
    if resume:
        head, done = guarded(lambda: _earlier(record, head))
    rows = _chosen(head)
    todo = [piece for piece in pieces(rows, head["full"]) if piece.id not in done]
    guarded(lambda: output.mkdir(parents=True, exist_ok=True))
    with guarded(lambda: ProofWriter(record)) as writer:
        if not writer.resumed:
            writer.write(head)
        _work(todo, workers or cores(), writer, quiet)
    proof = guarded(lambda: read_proof(output))
    made = guarded(lambda: write_proof(proof, output))
    for line in (*console_lines(proof), str(made[-1])):
        click.echo(line)
    sys.exit(proof.exit)


def _prove_cases(role: str | None, workers: int, output: Path, quiet: bool) -> None:
    from conformance.harness.cases import case_files, digest_of, load_cases
    from conformance.harness.earning import earnings
    from conformance.harness.places import testcases
    from conformance.report.earnings import Earnings, console_lines, write_earnings

    _importable()
    guarded(lambda: output.mkdir(parents=True, exist_ok=True))
    root = testcases()
    cases = [case for case in guarded(lambda: load_cases(root)) if role in (None, case.role)]
    rows: list[dict[str, Any]] = []
    for done in earnings(cases, workers):
        rows += done
        if not quiet:
            click.echo(f"[{len(rows)}/{len(cases)}] {sum(not row['kill'] for row in rows)} idle so far")
    made = Earnings(digest_of(case_files(root), root), sorted(rows, key=lambda row: str(row["id"])))
    paths = guarded(lambda: write_earnings(made, output))
    for line in (*console_lines(made), str(paths[-1])):
        click.echo(line)
    sys.exit(made.exit)


def _header(role: str | None, names: Sequence[str], full: bool, workers: int) -> dict[str, Any]:
    from conformance.harness.proofheader import header

    return header([role] if role else ["client", "server"], names, full, workers)


def _earlier(record: Path, now: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The header of a proof that was begun, and the pieces that need not be done again; what went wrong is.

    Refuses one whose cases or deviations are not those of today.
    """
    from conformance.harness.prove import rows_of
    from conformance.report.proof import PIECE, read_lines

    head, *rest = read_lines(record)
    today = {(row.role, row.id, row.breaks) for row in rows_of(["client", "server"])}
    before = {(row["role"], row["id"], tuple(row["breaks"])) for row in head["deviations"]}
    if head["testcases"] != now["testcases"] or not before <= today:
        raise ValueError(f"{record}: cases or deviations are not those that the proof was begun with; begin another")
    wrong = {line["id"] for line in rest if line["type"] == PIECE and (line.get("trouble") or line["errors"])}
    return head, {line["id"] for line in rest if line["type"] == PIECE} - wrong


def _chosen(head: dict[str, Any]) -> list[Any]:
    from conformance.harness.prove import rows_of

    wanted = {(row["role"], row["id"]) for row in head["deviations"]}
    return [row for row in rows_of(["client", "server"]) if (row.role, row.id) in wanted]


def _work(todo: Sequence[Any], workers: int, writer: Any, quiet: bool) -> None:
    from conformance.harness.prove import prove as work
    from conformance.report.text import visible

    started = time.monotonic()
    width = len(str(len(todo)))
    for number, line in enumerate(work(todo, workers), 1):
        writer.write(line)
        if not quiet:
            first = min(line["kills"], key=lambda kill: kill[2], default=None)
            told = f"{first[2]}  {first[0]}: {first[1]}" if first else line.get("trouble") or "not caught"
            click.echo(f"[{number:>{width}}/{len(todo)}] {line['id']}  {visible(told)}  {line['seconds']:.1f} s")
    writer.write({"type": "footer", "seconds": round(time.monotonic() - started, 1), "workers": workers, "pieces": len(todo)})


@click.command()
@click.option("-n", "--workers", type=click.IntRange(1), help="Worker processes (default: one for each processor).")
def selftest(workers: int | None) -> None:
    """Can the suite be trusted on this machine? Tries a sample of everything that shows it, in a few minutes.

    Exit status 0: everything that could be tried is as it must be. 1: something is not.
    """
    from conformance.harness.selftest import selftest as checks
    from conformance.report.text import plural, visible

    _importable()
    started = time.monotonic()
    done = []
    for check in checks(workers or cores()):
        done.append(check)
        for line in check.told():
            click.echo(visible(line))
    wrong = sum(len(check.wrong) for check in done)
    tried, left_out = sum(check.tried for check in done), sum(bool(check.skipped) for check in done)
    told = f"{plural(tried, 'trial')}, {wrong} not as it must be, {plural(left_out, 'check')} skipped"
    click.echo(f"{'NOT TO BE TRUSTED HERE' if wrong or not tried else 'GOOD'}: {told} ({time.monotonic() - started:.0f} seconds)")
    sys.exit(1 if wrong or not tried else 0)


COMMANDS = (prove, selftest)
"""What :mod:`conformance.cli` adds to its own commands."""
