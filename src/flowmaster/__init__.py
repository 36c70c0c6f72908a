"""FlowMaster: business processes as tools for agents."""

from pathlib import Path

__version__ = "0.1.0"

if not Path(__file__).with_name("engine").is_dir():  # a checkout without symbolic links
    __path__.append(str(Path(__file__).parents[2]))
