"""FlowMaster: business processes as tools for agents."""

from os.path import dirname, isdir, join

__version__ = "0.1.0"

if not isdir(join(dirname(__file__), "engine")):  # a checkout without symbolic links
    __path__.append(dirname(dirname(dirname(__file__))))
