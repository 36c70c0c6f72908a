"""Many cases of a process in virtual time: the engine decides, people come from pools, work takes time."""
