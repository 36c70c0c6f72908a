"""What kind of disk a folder lies on: locks over a network are not to be trusted."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final, Literal, NamedTuple

Kind = Literal["local", "network", "shared", "memory", "unknown"]

NETWORK: Final = frozenset(
    (
        *(
            "afpfs",
            "afs",
            "beegfs",
            "ceph",
            "cifs",
            "davfs",
            "glusterfs",
            "gpfs",
            "lustre",
            "nfs",
            "nfs3",
            "nfs4",
        ),
        *("smb2", "smb3", "smbfs", "webdav"),
        *("fuse.ceph", "fuse.davfs2", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
    )
)
"""File systems that reach a disk over a network."""

SHARED: Final = frozenset(
    ("9p", "drvfs", "fuse.grpcfuse", "fuse.vmhgfs-fuse", "prl_fs", "vboxsf", "virtiofs", "vmhgfs")
)
"""File systems that a virtual machine or a container shares with its host."""

MEMORY: Final = frozenset({"tmpfs", "ramfs"})
"""File systems that are gone with the next start of the machine."""

CLOUDS: Final = (
    "Dropbox",
    "Google Drive",
    "GoogleDrive",
    "iCloud Drive",
    "Mobile Documents",
    "Nextcloud",
    "OneDrive",
)
"""Beginnings of folders that a program keeps in step with other machines, file by file."""

_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(NETWORK, "network"),
    **dict.fromkeys(SHARED, "shared"),
    **dict.fromkeys(MEMORY, "memory"),
}
_OCTAL = re.compile(r"\\([0-7]{3})")
_MOUNTED = re.compile(r"^.*? on (/.*?) \((\w+)[,)]", re.MULTILINE)


class Mount(NamedTuple):
    """A place in the tree and the file system that begins there."""

    place: Path
    system: str


def kind_of(folder: Path, mounts: list[Mount]) -> tuple[Kind, str]:
    """Return the kind of disk below a folder, and the name of its file system."""
    if str(folder).startswith(("\\\\", "//")):
        return "network", "a network share"
    above = [mount for mount in mounts if mount.place in (folder, *folder.parents)]
    if not above:
        return "unknown", ""
    system = max(enumerate(above), key=lambda pair: (len(pair[1].place.parts), pair[0]))[1].system
    return _KINDS.get(system, "local"), system


def cloud_above(folder: Path) -> str:
    """Return the folder above that a program keeps in step with other machines, or nothing."""
    return next((part for part in folder.parts if part.startswith(CLOUDS)), "")


def mounts() -> list[Mount]:
    """Return what is mounted on this machine, as far as it tells."""
    if sys.platform == "linux":
        return linux_mounts(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace"))
    if sys.platform == "darwin":
        told = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=10, check=False)
        return macos_mounts(told.stdout)
    return []


def linux_mounts(text: str) -> list[Mount]:
    """Return the mounts of `/proc/self/mountinfo`: the place is the fifth word, the system follows a lone dash."""
    found = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        if after:
            place = _OCTAL.sub(lambda code: chr(int(code[1], 8)), before.split(" ")[4])
            found.append(Mount(Path(place), after.split(" ")[0]))
    return found


def macos_mounts(text: str) -> list[Mount]:
    """Return the mounts that `mount` tells: `//ann@nas/share on /Volumes/share (smbfs, nodev)`."""
    return [Mount(Path(place), system) for place, system in _MOUNTED.findall(text)]
