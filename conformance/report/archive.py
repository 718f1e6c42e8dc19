"""``fumo-conformance evidence``: the result of a run as one archive, the same octets whenever it is made."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from conformance.report.runfiles import result_files
from conformance.report.signing import MANIFEST, SIGNATURE


def pack(run_dir: Path, target: Path) -> int:
    """Packs record, reports, evidence, and manifest where there is one, into a ``.tar.gz``; returns how many files.

    Names, order, times and owners are fixed. The IUT file and Allure's raw results stay out. Raises ``FileExistsError``
    rather than replace an archive.
    """
    names = [name for name in (MANIFEST, SIGNATURE) if (run_dir / name).is_file()] + result_files(run_dir)
    root = run_dir.resolve().name
    with (
        target.open("xb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in names:
            path = run_dir / name
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size, entry.mode, entry.mtime = path.stat().st_size, 0o644, 0
            with path.open("rb") as content:
                archive.addfile(entry, content)
    return len(names)
