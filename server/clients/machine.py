"""Where the programs of a machine keep their settings: told by its system, its home and its environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

System = Literal["linux", "macos", "windows"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides where a file lies; tests make one of their own."""

    system: System
    home: Path
    project: Path
    environment: Mapping[str, str]

    def folder_of(self, variable: str, otherwise: Path) -> Path:
        """Return the folder that an environment variable names by an absolute path, else the other one."""
        given = self.environment.get(variable, "")
        return Path(given) if os.path.isabs(given) else otherwise

    def settings_folder(self) -> Path:
        """Return the folder in which desktop programs keep what belongs to a user."""
        match self.system:
            case "macos":
                return self.home / "Library" / "Application Support"
            case "windows":
                return self.folder_of("APPDATA", self.home / "AppData" / "Roaming")
            case "linux":
                return self.folder_of("XDG_CONFIG_HOME", self.home / ".config")


def this_machine() -> Machine:
    """Return the machine and the folder that the command runs in."""
    systems: dict[str, System] = {"darwin": "macos", "win32": "windows"}
    return Machine(systems.get(sys.platform, "linux"), Path.home(), Path.cwd(), os.environ)
