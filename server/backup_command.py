"""The commands `flowmaster backup`, `verify` and `restore`: a whole installation in one file, and back."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.reapply import missing, reapply
from flowmaster.server.options import MEMORY, UsageError
from flowmaster.server.readable import error_text
from flowmaster.server.settings import Settings, settings_from
from flowmaster.server.wiring import DATABASE
from flowmaster.stores.erasure_list import FILE as LIST
from flowmaster.stores.erasure_list import read
from flowmaster.stores.sqlite.backup import copy_file, one_file, whole
from flowmaster.stores.sqlite.health import NEWEST, damages, look
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.stores.sqlite.texts import texts_of

BAR_WIDTH: Final = 30
BAR_SECONDS: Final = 0.1


def backup(words: list[str], options: Mapping[str, str]) -> int:
    """Write all there is at one moment into a file."""
    return _run(words, lambda file: _backup(file, settings_from(options)))


def verify(words: list[str], options: Mapping[str, str]) -> int:
    """Look at every page, index and history of a backup."""
    return _run(words, _verified)


def restore(words: list[str], options: Mapping[str, str]) -> int:
    """Bring a backup to a place where nothing is."""
    chosen = options.get("erasures", "")
    given = {name: value for name, value in options.items() if name != "erasures"}
    return _run(words, lambda file: _restore(file, settings_from(given), chosen))


def _run(words: list[str], work: Callable[[Path], str]) -> int:
    if len(words) != 1:
        raise UsageError("it takes one file, such as flowmaster-monday.db.")
    try:
        said = work(Path(words[0]).expanduser().absolute())
    except FlowMasterError as error:
        sys.stderr.write(error_text(error.body()) + "\n")
        return 1
    sys.stdout.write(said + "\n")
    return 0


def _backup(file: Path, settings: Settings) -> str:
    if settings.store:
        from flowmaster.stores.postgres.transfer import export

        with whole(file) as part:
            export(settings.store, part, bar("rows"))
    else:
        source = _source(settings)
        if not source.is_file():
            raise FlowMasterError(
                "store.absent",
                f"There is no data in {settings.data!r}.",
                path="--data",
                fix="Name the data folder of a server that has run, with `--data`.",
                status=404,
            )
        copy_file(source, file, bar("pages"))
    return f"{file}: {_says(file)}. Look at it with `flowmaster verify {file}`."


def _verified(file: Path) -> str:
    seen = look(file) if file.is_file() else None
    if seen is None or not seen.is_ours or not seen.version:
        raise FlowMasterError(
            "backup.foreign",
            f"{str(file)!r} is no backup of FlowMaster.",
            path="file",
            fix="Name a file that `flowmaster backup` made.",
        )
    if seen.version > NEWEST:
        raise FlowMasterError(
            "store.newer",
            f"{str(file)!r} has version {seen.version}; this FlowMaster knows {NEWEST}.",
            path="file",
            fix="Update FlowMaster.",
        )
    found = damages(file) if seen.version == NEWEST else []
    if found:
        raise FlowMasterError(
            "backup.damaged",
            f"{str(file)!r} is damaged: {'; '.join(found)}.",
            path="file",
            fix="Take another one.",
        )
    return f"{file}: {_says(file)}; every page, index and history fits."


def _restore(file: Path, settings: Settings, chosen: str) -> str:
    _verified(file)
    erasures = _list(settings, chosen)
    if settings.store:
        from flowmaster.stores.postgres.transfer import load

        with TemporaryDirectory(prefix="flowmaster-restore-") as folder:
            part = Path(folder) / DATABASE
            shutil.copyfile(file, part)
            said = _erase_again(part, erasures)
            _with_graphs_of_its_own(part)
            load(part, settings.store, bar("rows"))
        return f"Restored: {_says(file)}. {said}"
    target = _source(settings)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole(target) as part:
        shutil.copyfile(file, part)
        said = _erase_again(part, erasures)
        _with_graphs_of_its_own(part)
    return f"Restored into {target.parent}: {_says(file)}. {said}"


def _list(settings: Settings, chosen: str) -> Path | None:
    """Return the list of erasures to go by: the one that is named, else the one that lies in the data folder."""
    path = Path(chosen).expanduser() if chosen else Path(settings.data) / LIST
    if path.is_file():
        return path
    if chosen:
        raise FlowMasterError(
            "erasures.absent",
            f"There is no list of erasures {chosen!r}.",
            path="--erasures",
            fix=f"Name the file `{LIST}` of the data folder that the backup was made from.",
            status=404,
        )
    return None


def _erase_again(part: Path, erasures: Path | None) -> str:
    """Erase in a restored file what was erased since it was made."""
    if erasures is None:
        return (
            f"No list of erasures was there: what was erased since the backup is back. Restore with --erasures {LIST}"
            " of the former data folder, or erase it anew."
        )
    store = SqliteStore(part)
    try:
        lost = missing(store, read(erasures))
        done = reapply(store, lost, texts_of(part), bar("erasures"))
        if lost:
            store.scrub()
    finally:
        store.close()
    one_file(part)
    return (
        f"Erased again, by {erasures}: {done.instances} instances, {done.places} places, {done.documents} documents"
        f" ({done.entries} entries that are newer than the backup)."
    )


def _with_graphs_of_its_own(part: Path) -> None:
    """Keep a restored file apart from the copies of links in ArangoDB that were made from what it was taken from."""
    store = SqliteStore(part)
    try:
        with store.transaction() as transaction:
            for tenant in transaction.graph_states():
                transaction.renew_graph(tenant)
                for space in transaction.graph_states()[tenant].former:
                    transaction.forget_space(tenant, space)
    finally:
        store.close()
    one_file(part)


def _source(settings: Settings) -> Path:
    if settings.data == MEMORY:
        raise UsageError(f"{MEMORY} keeps nothing: name a folder with --data, or a database with --store.")
    return Path(settings.data) / DATABASE


def _says(file: Path) -> str:
    seen = look(file)
    return f"{seen.instances} instances, {file.stat().st_size / 1e6:.1f} MB"


def bar(unit: str) -> Callable[[int, int], None]:
    """Return what draws how far long work is, where somebody looks on."""
    last = 0.0

    def draw(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - last < BAR_SECONDS and done < total):
            return
        last, filled = now, BAR_WIDTH * done // max(total, 1)
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done} of {total} {unit}{end}")
        sys.stderr.flush()

    return draw
