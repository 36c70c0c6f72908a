"""The refusals that every store words the same way."""

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.stores.rows import DESCENDANTS_MAX, INSTANCE_BYTES_MAX


def job_unknown(job: str) -> FlowMasterError:
    """Return the refusal of a job that is not open."""
    return FlowMasterError(
        "job.unknown",
        f"There is no open job {job!r}; it may be done or withdrawn.",
        path="job",
        expected="the `job` of an item that `work_take` gave",
        fix="Call `work_take` for open work.",
        next=(Hint("work_take", {}, "See what work is open."),),
        status=404,
    )


def lease_lost(job: str) -> FlowMasterError:
    """Return the refusal of a job whose lease another worker has, or nobody."""
    return FlowMasterError(
        "job.lease_lost",
        f"The lease {job!r} is over; the job was given away or back.",
        path="job",
        fix="Drop the result and call `work_take` again: each lease has a `job` id of its own.",
        next=(Hint("work_take", {}, "Lease open work again."),),
        status=409,
    )


def draft_stale(key: str, *, base: int, newest: int) -> FlowMasterError:
    """Return the refusal of a draft made from one that is not the newest."""
    return FlowMasterError(
        "draft.stale",
        f"{key!r} has draft {newest} by now; the change was made from draft {base}.",
        path="base_draft",
        expected=newest,
        fix="Read the newest draft and make the change on it.",
        next=(Hint("process_read", {"process": key}, "Read the newest draft."),),
        status=409,
    )


def key_used(key: str) -> FlowMasterError:
    """Return the refusal of an idempotency key that is taken."""
    return FlowMasterError(
        "idempotency.conflict",
        f"The idempotency key {key!r} is used already.",
        path="idempotency_key",
        fix="Use a new key for a new request.",
        status=409,
    )


def read_only() -> FlowMasterError:
    """Return the refusal to write to data that were opened for reading."""
    return FlowMasterError(
        "store.read_only",
        "The data is opened for reading alone.",
        fix="Make changes through a server that was started without --read-only.",
        status=403,
    )


def scope_unknown(scope: str) -> FlowMasterError:
    """Return the refusal of a journal that nobody wrote."""
    return FlowMasterError(
        "scope.unknown",
        f"There is no journal for {scope!r}.",
        path="scope",
        expected="an instance id, or a scope such as `process:invoice-approval`",
        fix="Call `instance_find` or `process_find` to see the ids.",
        status=404,
    )


def check_size(instance: str, body: bytes) -> None:
    """Refuse a step that would make an instance larger than it may be."""
    if len(body) > INSTANCE_BYTES_MAX:
        raise FlowMasterError(
            "instance.too_large",
            f"Instance {instance!r} would take {len(body)} bytes. Nothing has changed.",
            path="variables",
            expected=f"at most {INSTANCE_BYTES_MAX} bytes of variables, tokens and waits",
            fix="Keep large values elsewhere, such as in a document, and their id in a variable.",
            status=413,
        )


def too_many_descendants(instance: str) -> FlowMasterError:
    """Return the refusal to follow calls without end."""
    return FlowMasterError(
        "instance.too_many_descendants",
        f"Instance {instance!r} has called more than {DESCENDANTS_MAX} others.",
        path="instance",
        fix="List them level by level with `instance_find` and `parent`.",
        status=422,
    )
